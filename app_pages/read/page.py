"""Read pictures, uploaded or taken with the camera: digits, numbers, whole pages of them."""

import functools

import streamlit as st

from app_pages import subject
from app_pages.corrections import correct
from app_pages.figures import pictures
from app_pages.read import editor, spreadsheet, uploads
from app_pages.server import resources
from app_pages.words import plain
from model.image import EXTENSIONS

network = resources.chosen_network()
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
AUTO, TURNS = "Auto", (0, 90, 180, 270)  # degrees clockwise

st.title("Read a picture")
files = st.file_uploader(
    "Photographs, scans or drawings with digits",
    type=list(EXTENSIONS),
    accept_multiple_files=True,
    max_upload_size=uploads.LIMIT,
)
photograph = st.camera_input("Take a picture of digits") if st.toggle("Use the camera") else None

pages = [*files, *([photograph] if photograph else [])]
sources, results = [], []
for file in pages:
    turn = st.session_state.get(f"turn {file.file_id}", AUTO)
    source = uploads.Source(
        file.getvalue(),
        network,
        resources.recognizer(network),
        None if turn == AUTO else turn,
    )
    sources.append(source)
    with st.empty():  # where it says what it waits for
        results.append(uploads.read(source, editor.marks(file.file_id)))

for file, source, result in zip(pages, sources, results, strict=True):
    if result.error:
        st.error(f"**{plain(file.name)}**: {plain(result.error)}", icon=":material/broken_image:")
        continue
    with st.container(border=True):
        st.markdown(f"**{plain(file.name)}**")
        with st.container(horizontal=True, gap="medium"):
            editing = st.toggle(
                "Correct it",
                key=f"edit {file.file_id}",
                help="Change the boxes, or type what it says.",
            )
            steps = st.toggle(
                "Show the steps",
                key=f"steps {file.file_id}",
                help="From the picture to the digits.",
            )
        several = len(result.names) > 1
        wide = several or editing
        picture, words = (
            (st.container(), st.container()) if wide else st.columns([1, 2], gap="medium")
        )
        with picture:
            if editing:
                editor.show(file.file_id, source, result)
            else:
                pictures.show(result.figures[:1], width=uploads.SIDE)
        with words:
            if result.text:
                st.caption(uploads.in_words(result))
                st.code(result.text, language=None)  # with a button that copies it
                if len(result.sheet) > 1 or len(result.sheet[0]) > 1:
                    with st.expander("As a table", expanded=True):
                        st.dataframe(
                            uploads.as_sheet(result), alt="The numbers in rows and columns."
                        )
                        st.caption("To copy it into a spreadsheet, cell by cell:")
                        st.code(
                            "\n".join("\t".join(row) for row in result.sheet),
                            language=None,
                            height=120,
                        )
                with st.expander("Digit by digit", expanded=len(result.names) <= 12):
                    pictures.show(result.figures[1:], width=64, abreast=4)
                    with st.container(horizontal=True, vertical_alignment="bottom"):
                        number = 0
                        if several:
                            number = st.selectbox(
                                "One of them",
                                range(len(result.names)),
                                format_func=lambda number, names=result.names: (
                                    f"{number + 1}. {names[number]}"
                                ),
                                key=f"one {file.file_id} {result.text}",
                                width=160,
                            )
                        glyph, origin = result.glyphs[number], f"from the picture {file.name}"
                        subject.offer(subject.Subject(glyph, origin))
            else:
                st.markdown("No digit was found in this picture.")
            if result.turn and several:
                st.caption(f"Read with the writing turned by {result.turn}°.")
            st.segmented_control(
                "The writing is turned by",
                (AUTO, *TURNS),
                format_func=lambda turn: turn if turn == AUTO else f"{turn}°",
                default=AUTO,
                required=True,
                key=f"turn {file.file_id}",
                on_change=editor.forget,
                args=(file.file_id,),
            )
            correct.ask_about_picture(
                file.name,
                file.file_id,
                result.names,
                result.corrected,
                functools.partial(uploads.digits, source, editor.marks(file.file_id)),
            )
            for hint in result.hints:
                st.info(hint, icon=":material/lightbulb:")
        if steps:
            pictures.show(uploads.steps(source, tuple(result.boxes)), width=uploads.SIDE)

if results:
    st.subheader("All readings")
    names = [file.name for file in pages]
    rows = uploads.table(names, results)
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
    with st.container(horizontal=True):
        numbers = uploads.numbers(names, results)
        tables = {
            name: result.sheet
            for name, result in zip(names, results, strict=True)
            if sum(map(len, result.sheet)) > 1
        }
        for label, content, name, kind in (
            ("Download as XLSX", lambda: spreadsheet.xlsx(numbers, tables), "readings.xlsx", XLSX),
            ("Download as CSV", spreadsheet.csv(numbers), "readings.csv", "text/csv"),
            (
                "Download as JSON",
                uploads.as_json(names, results),
                "readings.json",
                "application/json",
            ),
        ):
            st.download_button(
                label, content, name, kind, icon=":material/download:", on_click="ignore"
            )
