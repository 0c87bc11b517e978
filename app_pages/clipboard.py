"""A picture pasted from the clipboard, on whatever page, is read like one that was uploaded."""

import streamlit as st


def take_pictures() -> None:
    """Hands pasted pictures to the uploader of Read a picture, which it opens first where need be.

    Text that is pasted into a field stays its own.
    """
    st.html(
        """<script>{
        const uploader = () =>
            document.querySelector("[data-testid=stFileUploader] input[type=file]");
        const wait = async (found) => {
            for (let tries = 0; tries < 300 && !found(); tries++)
                await new Promise((resolve) => setTimeout(resolve, 100));
            return found();
        };
        window.takePictures ??= document.addEventListener("paste", async (event) => {
            const pictures = [...event.clipboardData.files].filter(
                (file) => file.type.startsWith("image/"));
            if (!pictures.length || event.target.closest?.("input, textarea")) return;
            event.preventDefault();
            if (!uploader()) {
                const links = [...document.querySelectorAll("[data-testid=stSidebarNavLink]")];
                history.pushState({}, "", links.find((link) => /\\/read$/.test(link.href)).href);
                dispatchEvent(new PopStateEvent("popstate", { state: {} }));
            }
            const input = await wait(uploader);
            if (!input) return;
            const files = new DataTransfer();
            for (const picture of pictures) files.items.add(picture);
            input.files = files.files;
            input.dispatchEvent(new Event("change", { bubbles: true }));
        }) ?? true;
        }</script>""",
        unsafe_allow_javascript=True,
    )
