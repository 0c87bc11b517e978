"""The views of the Evaluation page, one file each: `show(tested)` draws one below the page's
heading."""
