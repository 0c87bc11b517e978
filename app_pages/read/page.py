"""Read pictures, uploaded or taken with the camera: digits, numbers, whole pages of them."""

import time
from collections.abc import Sequence

import streamlit as st

from app_pages import subject
from app_pages.corrections import correct
from app_pages.figures import pictures
from app_pages.read import editor, files, triage, uploads
from app_pages.read.triage import Upload
from app_pages.server import resources
from app_pages.words import plain
from digits import spreadsheet
from model import Digit, image
from model.file_types import EXTENSIONS, FORMATS_IN_WORDS
from model.image import ImageError, Page

network = resources.chosen_network()
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PATIENCE = 0.5  # seconds before it says how far it is
AUTO, TURNS = "Auto", (0, 90, 180, 270)  # degrees clockwise
# The browser keeps back what is too large or of another kind, and tells only the uploader: a file
# in red. These words are there while one is.
REFUSED = """<style>
.st-key-refused { display: none }
[data-testid=stMain]:has([data-testid=stFileChip][aria-invalid=true]) .st-key-refused
  { display: block }
</style>"""


def take_files() -> list[files.File]:
    """What the visitor uploads or photographs, or did before another page was open."""
    files.forget_uploader()
    held = st.file_uploader(
        "Photographs, scans or drawings with digits",
        type=list(EXTENSIONS),
        accept_multiple_files=True,
        max_upload_size=uploads.LIMIT,
        key=files.UPLOADER,
    )
    st.html(REFUSED)
    with st.container(key="refused"):
        st.warning(
            f"A file in red was not taken: it is larger than {uploads.LIMIT} MB, or no "
            f"{FORMATS_IN_WORDS} file. Make it smaller, or save it as one of these.",
            icon=":material/block:",
        )
    photograph = (
        st.camera_input("Take a picture of digits") if st.toggle("Use the camera") else None
    )
    every = files.update([*held, *([photograph] if photograph else [])])
    files.show_others(every)
    return every


def read(file: files.File, page: Page) -> Upload:
    """A page of a file, and what is read in it as it is turned and marked."""
    name = f"{file.file_id} {page.number}" if page.number else file.file_id
    source = uploads.Source(
        page,
        file.digest,
        network,
        resources.recognizer(network),
        st.session_state.get(_turned(name)),
    )
    with st.empty():  # where it says what it waits for
        result = uploads.read(source, editor.marks(name))
    return Upload(name, page.name(file.name), source, result)


def pages_of(file: files.File) -> list[Page]:
    """A file's pages, of many the first; of one that can't be opened the one that says why."""
    try:
        pages = image.pages(file.content)
    except ImageError:
        return [Page(file.content)]
    if len(pages) > uploads.PAGES:
        st.info(
            f"{plain(file.name)} has {len(pages):,} pages; the first {uploads.PAGES} are read "
            "here, all of them by `recognize_digits.py`.",
            icon=":material/auto_stories:",
        )
    return pages[: uploads.PAGES]


def read_all(taken: list[files.File]) -> list[Upload]:
    """All files; where that takes a while, it says how far it is."""
    begin, place, uploaded = time.monotonic(), st.empty(), []
    pages = [(file, page) for file in taken for page in pages_of(file)]
    for number, (file, page) in enumerate(pages):
        if number and time.monotonic() > begin + PATIENCE:
            place.progress(number / len(pages), f"{number} of {len(pages)} pictures are read")
        uploaded.append(read(file, page))
    place.empty()
    return uploaded


def show_file(file: str, name: str, source: uploads.Source, result: uploads.Result) -> None:
    """A picture, what is read in it, and what can be done about it."""
    with st.container(border=True):
        st.markdown(f"**{plain(name)}**")
        with st.container(horizontal=True, gap="medium"):
            # of whichever picture is open
            editing = st.toggle(
                "Correct it", key="edit", help="Change the boxes, or type what it says."
            )
            steps = st.toggle("Show the steps", key="steps", help="From the picture to the digits.")
        several = len(result.names) > 1
        wide = several or editing
        picture, words = (
            (st.container(), st.container()) if wide else st.columns([1, 2], gap="medium")
        )
        with picture:
            if editing:
                editor.show(file, source, result)
            else:
                pictures.show(result.figures[:1], width=uploads.SIDE)
        with words:
            if result.text:
                show_text(result)
                with st.expander("Digit by digit", expanded=len(result.names) <= 12):
                    show_digits(file, name, source, result)
            else:
                st.markdown("No digit was found in this picture.")
            if result.turn and several:
                st.caption(f"Read with the writing turned by {result.turn}°.")
            ask_for_turn(file)
            if result.corrected:
                correct.offer_to_keep(
                    [result.names[number] for number in result.corrected],
                    lambda: [digits_of(file, source)[number] for number in result.corrected],
                    f"picture {name}",
                )
            for hint in result.hints:
                st.info(hint, icon=":material/lightbulb:")
        if steps:
            pictures.show(uploads.steps(source, tuple(result.boxes)), width=uploads.SIDE)


def show_text(result: uploads.Result) -> None:
    """What is read, to be copied; numbers in rows and columns as a table, too."""
    st.caption(uploads.in_words(result))
    st.code(result.text, language=None)  # with a button that copies it
    if len(result.sheet) > 1 or len(result.sheet[0]) > 1:
        with st.expander("As a table", expanded=True):
            st.dataframe(uploads.as_sheet(result), alt="The numbers in rows and columns.")
            st.caption("To copy it into a spreadsheet, cell by cell:")
            st.code("\n".join("\t".join(row) for row in result.sheet), language=None, height=120)


def show_digits(file: str, name: str, source: uploads.Source, result: uploads.Result) -> None:
    """Each digit, and one of them to be looked into and to be named."""
    pictures.show(result.figures[1:], width=64, abreast=4)
    number = 0
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(result.names) > 1:
            # another box once another text is read, since the browser would show the old one
            chosen = f"number {file} {hash(tuple(result.boxes))}"
            number = st.selectbox(
                "One of them",
                range(len(result.names)),
                index=st.session_state.get(chosen, uploads.least_sure(result)),
                format_func=lambda number: f"{number + 1}. {result.names[number]}",
                key=f"one {chosen} {result.text}",
                width=160,
            )
            st.session_state[chosen] = number
        glyph, origin = result.glyphs[number], f"from the picture {name}"
        strokes = uploads.strokes(source, result, number)
        subject.offer(subject.Subject(glyph, origin, strokes=strokes))

    def said(label: str | None) -> None:
        classes = source.recognizer.classes
        if label is None or label in classes:
            value = None if label is None else classes.index(label)
            editor.mark(file, result, number, value)

    correct.ask(
        f"{file} {result.boxes[number]}",
        result.names[number],
        lambda: digits_of(file, source)[number],
        f"picture {name}",
        said,
    )


def digits_of(file: str, source: uploads.Source) -> Sequence[Digit]:
    return uploads.digits(source, editor.marks(file))


def ask_for_turn(file: str) -> None:
    """How the writing is turned; kept while other pictures are open."""
    key = f"turn {file}"

    def turn() -> None:
        chosen = st.session_state[key]
        st.session_state[_turned(file)] = None if chosen == AUTO else chosen
        editor.forget(file)

    turned = st.session_state.get(_turned(file))
    st.segmented_control(
        "The writing is turned by",
        (AUTO, *TURNS),
        format_func=lambda turn: turn if turn == AUTO else f"{turn}°",
        default=AUTO if turned is None else turned,
        required=True,
        key=key,
        on_change=turn,
    )


def offer_downloads(names: list[str], results: list[uploads.Result]) -> None:
    """All readings as files, with what was corrected in them."""
    numbers = uploads.numbers(names, results)
    tables = {
        name: result.sheet
        for name, result in zip(names, results, strict=True)
        if sum(map(len, result.sheet)) > 1
    }
    with st.container(horizontal=True):
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


def show_one(upload: Upload) -> None:
    """The only picture, and its reading to take along."""
    _, name, _, result = upload
    if result.error:
        show_error(upload)
    else:
        show_file(*upload)
    st.subheader("All readings")
    rows = uploads.table([name], [result])
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
    offer_downloads([name], [result])


def show_several(uploaded: list[Upload]) -> None:
    """All pictures in a table, and the one that is open."""
    st.subheader("All readings")
    current = triage.choose(uploaded)
    offer_downloads([upload.name for upload in uploaded], [upload.result for upload in uploaded])
    if current:
        triage.show_way(uploaded, current)
        if current.result.error:
            show_error(current)
        else:
            show_file(*current)
    triage.show_sentences(uploaded)


def show_error(upload: Upload) -> None:
    st.error(
        f"**{plain(upload.name)}**: {plain(upload.result.error)}", icon=":material/broken_image:"
    )


def _turned(file: str) -> str:
    return f"turned {file}"


st.title("Read a picture")
uploaded = read_all(take_files())
if len(uploaded) == 1:
    show_one(*uploaded)
elif uploaded:
    show_several(uploaded)
