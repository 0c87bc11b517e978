"""What visitors said about readings, and networks that learn from it."""

import pandas as pd
import streamlit as st

from app_pages.corrections import collection
from app_pages.figures import bars, charts, pictures
from app_pages.server import resources
from app_pages.teach import teaching
from app_pages.words import plain
from model import checkpoint
from train import metrics

PAGE = 24  # glyphs shown at a time
FLASH = "teach said"  # session state: what came of a click, told once
GONE = "deleted"  # session state: what this visitor deleted last
network = resources.chosen_network()
card = resources.card(network)
changing = collection.mode() == collection.ON

st.title("Teach it")
if collection.is_undecided():
    st.info(
        "Teaching is off, since other machines can reach this server. Whoever starts it decides: "
        "with `DIGITS_TEACHING=on` in its environment everyone can keep, delete and train; with "
        "`read-only`, look; with `off`, this page is gone.",
        icon=":material/lock:",
    )
    st.stop()
try:
    shelf = collection.open_collection()
    counts = shelf.counts()
except collection.CollectionError as error:
    st.error(plain(str(error)), icon=":material/database_off:")
    st.stop()
for kind, words in st.session_state.pop(FLASH, []):
    kind(words)


def tell(kind, words: str) -> None:
    st.session_state.setdefault(FLASH, []).append((kind, words))


def delete(ids: list[int] | None) -> None:
    """Callback: deletes the items of these ids, or all; this visitor can take it back."""
    try:
        st.session_state[GONE] = shelf.delete(ids)
    except collection.CollectionError as error:
        tell(st.error, plain(str(error)))


def undo() -> None:
    """Callback: puts back what this visitor deleted last."""
    try:
        shelf.restore(st.session_state[GONE])
        tell(st.success, f"Put back: {len(st.session_state.pop(GONE))}.")
    except collection.CollectionError as error:
        tell(st.error, plain(str(error)))


def keep(job: teaching.Job) -> None:
    """Callback: the new network becomes one of those that the sidebar offers."""
    name = st.session_state["name"].strip()
    try:
        teaching.trainer().keep(job, resources.directory(), name)
        tell(st.success, f"Kept as **{plain(name)}**: choose it in the sidebar.")
    except teaching.TeachingError as error:
        tell(st.error, plain(str(error)))


def start(classes: list[str]) -> None:
    """Callback: begins to fine-tune the chosen network."""
    try:
        corrections, aside = (
            teaching.select(shelf.arrays(part), classes) for part in (False, True)
        )
        teaching.trainer().start(network.path, corrections, aside)
    except (
        collection.CollectionError,
        teaching.TeachingError,
        checkpoint.CheckpointError,
    ) as error:
        tell(st.error, plain(str(error)))


def show_collection() -> None:
    total = sum(counts.values())
    if damaged := shelf.damaged():
        st.warning(
            f"Pictures that are not 28 × 28 pixels: {damaged:,}. They are left out here and where "
            "a network is taught. “Delete all” deletes them, too.",
            icon=":material/broken_image:",
        )
    if changing and (items := st.session_state.get(GONE)):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(f"Deleted: {len(items):,}.", icon=":material/delete:", width="stretch")
            st.button("Undo", on_click=undo, icon=":material/undo:")
    if not total:
        st.info(
            "Nothing is kept yet. Draw a digit or read a picture, and say what it is with “That's "
            "a …”.",
            icon=":material/school:",
        )
        return
    label = st.selectbox(
        "Show",
        [None, *counts],
        format_func=lambda name: (
            f"All ({total:,})" if name is None else f"{name} ({counts[name]:,})"
        ),
        width=240,
    )
    pages = -(-(total if label is None else counts[label]) // PAGE)
    page = st.pagination(pages, key=f"page {label}") if pages > 1 else 1
    items = shelf.items(label, (page - 1) * PAGE, PAGE)
    chosen = []
    with st.container(horizontal=True, gap="small", key="sheet"):
        for item in items:
            with st.container(width=84, gap=None):
                answer = f"{item.read}, {bars.percent(item.confidence)}" if item.read else "nothing"
                words = (
                    f"{item.label}, read as {answer} by {item.checkpoint}: {item.origin}, "
                    f"{item.created:%Y-%m-%d %H:%M}"
                )
                pictures.show(
                    [pictures.Figure(pictures.source(item.glyph), f"read: {answer}", words, True)],
                    width=72,
                )
                if changing and st.checkbox(plain(item.label), key=f"choose {item.id}"):
                    chosen.append(item.id)
    with st.container(horizontal=True):
        if changing:
            words = f"Delete the chosen ({len(chosen)})" if chosen else "Delete the chosen"
            st.button(
                words,
                on_click=delete,
                args=(chosen,),
                disabled=not chosen,
                icon=":material/delete:",
            )
            with st.popover("Delete all", icon=":material/delete_forever:"):
                sure = st.checkbox(
                    f"All {total:,} corrections of {len(counts)} classes will be deleted, for all "
                    "visitors of this server. You can undo it until you leave or delete others."
                )
                st.button("Delete all of them", on_click=delete, args=(None,), disabled=not sure)
        for words, file, kind, pack in (
            ("Download as PNG", "collection.zip", "application/zip", collection.as_zip),
            ("Download as npz", "collection.npz", "application/octet-stream", collection.as_npz),
        ):
            content = lambda pack=pack: pack(*shelf.arrays())  # noqa: E731 (when it is asked for)
            st.download_button(
                words, content, file, kind, icon=":material/download:", on_click="ignore"
            )


def forget(name: str) -> None:
    """Callback: deletes a network that a visitor kept."""
    try:
        teaching.forget(resources.directory(), name)
        tell(st.success, f"Deleted: **{plain(name)}**.")
    except teaching.TeachingError as error:
        tell(st.error, plain(str(error)))


def show_networks() -> None:
    """The networks that visitors kept, each with a button that deletes it."""
    names = teaching.list_networks(resources.directory())
    if not names:
        return
    st.header("Networks that were kept")
    for name in names:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(plain(name), width="stretch")
            with st.popover("Delete", icon=":material/delete:", key=f"forget {name}"):
                st.markdown("Then it is gone for all visitors, for good.")
                st.button("Delete it", on_click=forget, args=(name,), key=f"forget it {name}")


def offer() -> None:
    """What is to be learned, and the button that begins."""
    known = [name for name in counts if name in card.classes]
    if "members" in card.network:
        st.info(
            f"{plain(network.name)} is a committee, which can't be taught; choose a single network "
            "in the sidebar."
        )
        return
    if not teaching.is_writable(resources.directory()):
        st.info(
            f"The folder {plain(str(resources.directory()))} can't be written to, so no new "
            "network could be kept."
        )
        return
    if not counts:
        return
    chosen = st.pills(
        "Classes to teach",
        list(counts),
        selection_mode="multi",
        default=known,
        format_func=plain,
        key=f"to teach {network.name}",
    )
    new = ", ".join(plain(name) for name in chosen if name not in card.classes)
    if new:
        st.caption(
            f"New to this network: {new}. It takes a few dozen examples to learn a new class."
        )
    name = card.dataset
    images = plain(teaching.name_dataset(name))
    if not resources.ensure_images(name):
        st.caption(
            f"Teaching this network takes the images of {images}, so that it does not forget them."
        )
        return
    st.button(
        f"Teach {plain(network.name)}",
        on_click=start,
        args=(chosen,),
        disabled=not chosen,
        icon=":material/school:",
    )
    st.caption(
        f"A copy of the network goes on learning for about a minute, at least half from {images}, "
        "so that it does not forget. Every sixth correction of a class is put aside, to see "
        "whether it helped. Then you decide."
    )


@st.fragment(run_every=1)
def follow(job: teaching.Job) -> None:
    """Looks at a training now and then, without the rest of the page."""
    if teaching.trainer().job is not job or not job.busy:
        st.rerun()
    step = job.progress
    if job.state == teaching.State.COMPARING:
        st.progress(1.0, "Comparing it with the old one")
    elif step:
        left = f" · about {step['remaining']:.0f} s left" if step["remaining"] else ""
        words = f"Epoch {step['epoch']} of {step['epochs']}{left}"
        measures = f"loss {step['loss']:.3f}, accuracy {step['accuracy']:.1%}"
        st.progress(step["step"] / step["steps"], f"{words} · {measures}")
    else:
        st.progress(0.0, "Getting ready: loading the images, compiling the training")
    st.button("Cancel", on_click=teaching.trainer().clear, args=(job,), icon=":material/stop:")
    show_curves(job.history)


def show_curves(history: list[dict]) -> None:
    """Loss and accuracy so far, once there is something to show."""
    if history:
        charts.show_learning(
            history,
            "Dashed: what it learns from, distorted anew, its labels smoothed. Solid: validation "
            "images.",
        )


def show_result(job: teaching.Job) -> None:
    """The old network beside the new one, and the choice."""
    if job.state == teaching.State.FAILED:
        st.error(f"The training failed. {plain(job.fault)}")
        st.button("Close", on_click=teaching.trainer().clear, args=(job,))
        return
    rows = {
        f"Test images of {teaching.name_dataset(job.dataset)}": job.comparisons["test"],
        "Corrections it has learned": job.comparisons["trained"],
        "Corrections put aside": job.comparisons["aside"],
    }
    st.table(
        pd.DataFrame(
            [
                [f"{row.n:,}", share(row.before, row.n), share(row.after, row.n)]
                for row in rows.values()
                if row.n
            ],
            [plain(words) for words, row in rows.items() if row.n],
            ["Images", f"{plain(job.source.name)} reads right", "the new one reads right"],
        )
    )
    test = job.comparisons["test"]
    st.markdown(
        f"Of the test images, the new one reads {test.gained:,} right that the old one reads "
        f"wrong, and {test.lost:,} the other way round: {'more' if test.p < 0.05 else 'no more'} "
        f"than chance would explain (McNemar's exact test, p = {test.p:.2g})."
    )
    if not job.comparisons["aside"].n:
        st.caption("There are too few corrections to put any aside: of each class, every sixth is.")
    st.text_input("Name of the new network", "mine", key="name", max_chars=40)
    with st.container(horizontal=True):
        st.button("Keep it", on_click=keep, args=(job,), icon=":material/check:")
        st.button(
            "Throw it away",
            on_click=teaching.trainer().clear,
            args=(job,),
            icon=":material/delete:",
        )
    show_curves(job.history)


def share(right: int, n: int) -> str:
    low, high = metrics.wilson_interval(right, n)
    return f"{right / n:.2%} ({low:.1%} to {high:.1%})"


def teach(job: teaching.Job | None) -> None:
    st.header("Teach the network")
    if job is None:
        offer()
    elif job.busy:
        st.markdown(
            f"**{plain(job.source.name)}** is being taught. All visitors of this server see it "
            "here."
        )
        follow(job)
    else:
        show_result(job)


job = teaching.trainer().job if changing else None
if job:  # what happens goes first
    teach(job)
st.header("The collection")
try:
    show_collection()
except collection.CollectionError as error:
    st.error(plain(str(error)), icon=":material/database_off:")
if changing and not job:
    teach(None)
if changing:
    show_networks()
