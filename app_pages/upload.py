"""Upload pictures, or take one with the camera, and have the digits in them read."""

import streamlit as st

from app_pages.parts import bars, pictures, resources, uploads

checkpoint = resources.chosen()

st.title("Upload pictures")
files = st.file_uploader(
    "Photographs, scans or drawings with a digit",
    type=list(uploads.TYPES),
    accept_multiple_files=True,
    max_upload_size=uploads.LIMIT,
)
photograph = st.camera_input("Take a picture of a digit") if st.toggle("Use the camera") else None

pages = [*files, *([photograph] if photograph else [])]
results = [uploads.read(file.getvalue(), checkpoint, resources.stamp(checkpoint)) for file in pages]

for file, result in zip(pages, results, strict=True):
    if result.error:
        st.error(f"**{uploads.plain(file.name)}**: {result.error}", icon=":material/broken_image:")
        continue
    with st.container(border=True):
        picture, words = st.columns([1, 2], gap="medium")
        with picture:
            pictures.show(result.figures[:1], width=180)
        with words:
            st.markdown(f"**{uploads.plain(file.name)}**")
            if result.text:
                st.metric(
                    "Reads",
                    result.text,
                    f"{bars.percent(result.confidence)} sure",
                    delta_color="off",
                    delta_arrow="off",
                )
                pictures.show(result.figures[1:], width=64, abreast=4)
            else:
                st.markdown("No digit was found in this picture.")
            for hint in result.hints:
                st.info(hint, icon=":material/lightbulb:")

if results:
    st.subheader("All readings")
    rows = uploads.table([file.name for file in pages], results)
    st.dataframe(
        rows.assign(confidence=100 * rows["confidence"]),
        hide_index=True,
        column_config={
            "file": "File",
            "text": "Reads",
            "confidence": st.column_config.NumberColumn("Confidence", format="%.1f%%"),
            "note": "Note",
        },
        alt="The file, reading, confidence and note of each picture.",
    )
    st.download_button(
        "Download as CSV", uploads.csv(rows), "readings.csv", "text/csv", icon=":material/download:", on_click="ignore"
    )
