# The dashboard, and with it the command digits: docker build -t digits . && docker run -p 8501:8501 digits
# As many of them as a server has cores, behind nginx and with PostgreSQL: compose.yaml.
FROM python:3.13-slim AS build
COPY . /source
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheel /source

FROM python:3.13-slim
COPY --from=build /wheel /wheel
COPY constraints.txt /wheel/
# psycopg: where the collection lies in PostgreSQL
RUN pip install --no-cache-dir -c /wheel/constraints.txt "$(ls /wheel/*.whl)[dashboard]" "psycopg[binary]" \
    && useradd --create-home digits
# A volume in its place begins with the networks that ship, and keeps those that are trained.
COPY --chown=digits checkpoints /networks
USER digits
WORKDIR /home/digits
# It lets others in, so nobody teaches it unless you say so.
ENV DIGITS_CHECKPOINTS=/networks DIGITS_TEACHING=off
EXPOSE 8501
HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8501/_stcore/health')"]
CMD ["digits", "serve", "--server.address", "0.0.0.0"]
