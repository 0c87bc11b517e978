"""Which files hold what can be read, by the ends of their names. Importing this imports nothing."""

PICTURES = {  # as people call them → the ends of such files' names
    "PNG": ("png",),
    "JPEG": ("jpg", "jpeg"),
    "HEIC": ("heic", "heif", "hif"),
    "WebP": ("webp",),
    "AVIF": ("avif",),
    "TIFF": ("tif", "tiff"),
    "BMP": ("bmp",),
    "GIF": ("gif",),
    "JPEG 2000": ("jp2", "j2k", "jpx", "jpf"),
    "PDF": ("pdf",),
}
PENS = {
    "InkML": ("inkml",),
    "UNIPEN": ("unipen", "unp", "upn"),
    "Xournal++": ("xopp", "xoj"),
    "reMarkable": ("rm", "rmdoc"),
}
FORMATS = PICTURES | PENS
FORMATS_IN_WORDS = " or ".join((", ".join([*FORMATS][:-1]), [*FORMATS][-1]))
EXTENSIONS = tuple(end for ends in FORMATS.values() for end in ends)
# files that may have many pages
LONG = ("pdf", "tif", "tiff", "unipen", "unp", "upn", "xopp", "xoj", "rmdoc")
