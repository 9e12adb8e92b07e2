//! What a file is, by its first bytes.

use std::fmt;

/// A kind of picture, or of document that people take for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PictureKind {
    /// PNG: read.
    Png,
    /// JPEG: read.
    Jpeg,
    /// WebP: read.
    Webp,
    /// PDF.
    Pdf,
    /// GIF.
    Gif,
    /// TIFF.
    Tiff,
    /// BMP.
    Bmp,
    /// HEIC or HEIF, as iPhones take them.
    Heic,
    /// AVIF.
    Avif,
    /// JPEG XL.
    JpegXl,
    /// JPEG 2000.
    Jpeg2000,
    /// SVG.
    Svg,
    /// A Windows icon.
    Ico,
    /// A Photoshop document.
    Psd,
    /// PostScript.
    PostScript,
}

impl PictureKind {
    /// The kind of a file; `None` for anything but a picture. No receipt, in JSON or binary, is taken for one.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let brand = bytes.get(4..12).filter(|word| word.starts_with(b"ftyp")).map(|word| &word[4..]);
        match brand {
            Some(b"avif" | b"avis") => return Some(Self::Avif),
            Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1") => {
                return Some(Self::Heic);
            }
            _ => {}
        }
        if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            return Some(Self::Webp);
        }
        let by_start = STARTS.iter().find(|(start, _)| bytes.starts_with(start)).map(|(_, kind)| *kind);
        // A BMP's own length follows its two letters, with four zeros after it.
        let bmp = || (bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4])).then_some(Self::Bmp);
        by_start.or_else(bmp).or_else(|| by_text(bytes))
    }

    /// Whether [`crate::read()`] reads it.
    pub fn is_readable(self) -> bool {
        matches!(self, Self::Png | Self::Jpeg | Self::Webp)
    }
}

impl fmt::Display for PictureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "a PNG",
            Self::Jpeg => "a JPEG",
            Self::Webp => "a WebP",
            Self::Pdf => "a PDF",
            Self::Gif => "a GIF",
            Self::Tiff => "a TIFF",
            Self::Bmp => "a BMP",
            Self::Heic => "a HEIC picture",
            Self::Avif => "an AVIF picture",
            Self::JpegXl => "a JPEG XL picture",
            Self::Jpeg2000 => "a JPEG 2000 picture",
            Self::Svg => "an SVG drawing",
            Self::Ico => "an icon",
            Self::Psd => "a Photoshop document",
            Self::PostScript => "a PostScript document",
        })
    }
}

/// PDF allows a little before its mark, SVG a declaration, comments and white space.
fn by_text(bytes: &[u8]) -> Option<PictureKind> {
    let start = &bytes[..bytes.len().min(TEXT_BYTES)];
    let contains = |mark: &[u8]| start.windows(mark.len()).any(|window| window == mark);
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    if text.starts_with(b"<") && contains(b"<svg") {
        return Some(PictureKind::Svg);
    }
    // Not inside JSON, which may hold anything.
    (!text.starts_with(b"{") && contains(b"%PDF-")).then_some(PictureKind::Pdf)
}

/// Bytes in which a mark may stand.
const TEXT_BYTES: usize = 1024;
const STARTS: [(&[u8], PictureKind); 16] = [
    (b"\x89PNG\r\n\x1a\n", PictureKind::Png),
    (b"\xff\xd8\xff", PictureKind::Jpeg),
    (b"%PDF-", PictureKind::Pdf),
    (b"GIF87a", PictureKind::Gif),
    (b"GIF89a", PictureKind::Gif),
    (b"II*\0", PictureKind::Tiff),
    (b"MM\0*", PictureKind::Tiff),
    (b"II+\0", PictureKind::Tiff),
    (b"MM\0+", PictureKind::Tiff),
    (b"\xff\x0a", PictureKind::JpegXl),
    (b"\0\0\0\x0cJXL ", PictureKind::JpegXl),
    (b"\0\0\0\x0cjP  ", PictureKind::Jpeg2000),
    (b"\xff\x4f\xff\x51", PictureKind::Jpeg2000),
    (b"\0\0\x01\0", PictureKind::Ico),
    (b"8BPS", PictureKind::Psd),
    (b"%!PS", PictureKind::PostScript),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_called_what_they_are() {
        for (bytes, name) in [
            (&b"%PDF-1.7\n"[..], "a PDF"),
            (b"\r\n\r\n%PDF-1.4", "a PDF"),
            (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC picture"),
            (b"\0\0\0\x1cftypavif\0\0\0\0", "an AVIF picture"),
            (b"GIF89a..", "a GIF"),
            (b"II*\0....", "a TIFF"),
            (b"BM\x36\0\x0c\0\0\0\0\0\x36\0", "a BMP"),
            (b"\xef\xbb\xbf<?xml version='1.0'?><!-- x --><svg xmlns=''>", "an SVG drawing"),
            (b"\xff\xd8\xff\xe0", "a JPEG"),
            (b"RIFF\x04\0\0\0WEBPVP8 ", "a WebP"),
            (b"\x89PNG\r\n\x1a\n", "a PNG"),
        ] {
            assert_eq!(PictureKind::of(bytes).unwrap().to_string(), name);
        }
        for other in
            [&b""[..], b"{\"format\": \"%PDF-\"}", b"\xf5snd\x01", b"BMW", b"<html>", b"RIFF\0\0\0\0WAVE"]
        {
            assert_eq!(PictureKind::of(other), None, "{other:?}");
        }
    }
}
