"""The pages of the dashboard, one file each; `streamlit_app.py` lists them."""
