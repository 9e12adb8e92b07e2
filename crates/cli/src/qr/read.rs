//! From a picture to bytes.

use std::io::Cursor;

use png::{ColorType, Decoder, Limits, Transformations};

use super::QrError;

/// Longest PNG that is read, in bytes (8 MiB).
pub(crate) const PNG_BYTES_MAX: usize = 8 << 20;

/// Whether bytes start as a PNG does.
pub(crate) fn is_png(bytes: &[u8]) -> bool {
    bytes.starts_with(&PNG_SIGNATURE)
}

/// The content of the one QR code in a PNG.
///
/// # Errors
/// [`QrError`]; the size of the picture is checked before anything is allocated for it.
pub(crate) fn read_png(bytes: &[u8]) -> Result<Vec<u8>, QrError> {
    let (width, height, grey) = grey_pixels(bytes)?;
    let mut reader = quircs::Quirc::new();
    let codes: Vec<_> = reader.identify(width, height, &grey).filter_map(Result::ok).collect();
    match codes.as_slice() {
        [] => Err(QrError::NoCode),
        [code] => Ok(code.decode()?.payload),
        codes => Err(QrError::SeveralCodes { count: codes.len() }),
    }
}

/// Width, height, and one byte a pixel: 0 is black. What is transparent shows a white page.
fn grey_pixels(bytes: &[u8]) -> Result<(usize, usize, Vec<u8>), QrError> {
    let limits = Limits { bytes: DECODER_BYTES_MAX };
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let (width, height) = decoder.read_header_info()?.size();
    if width > SIDE_PIXELS_MAX || height > SIDE_PIXELS_MAX {
        return Err(QrError::TooLarge { width, height, limit: SIDE_PIXELS_MAX });
    }
    let mut reader = decoder.read_info()?;
    let mut pixels = vec![0; reader.output_buffer_size().ok_or(png::DecodingError::LimitsExceeded)?];
    let frame = reader.next_frame(&mut pixels)?;
    pixels.truncate(frame.buffer_size());
    let light = |grey: u8, alpha: u8| {
        let (grey, alpha) = (u32::from(grey), u32::from(alpha));
        ((grey * alpha + 255 * (255 - alpha)) / 255) as u8
    };
    let sum =
        |red: u8, green: u8, blue: u8| ((u32::from(red) + u32::from(green) + u32::from(blue)) / 3) as u8;
    let grey: Vec<u8> = match frame.color_type {
        ColorType::GrayscaleAlpha => {
            pixels.as_chunks().0.iter().map(|[grey, alpha]| light(*grey, *alpha)).collect()
        }
        ColorType::Rgb => pixels.as_chunks().0.iter().map(|[r, g, b]| sum(*r, *g, *b)).collect(),
        ColorType::Rgba => {
            pixels.as_chunks().0.iter().map(|[r, g, b, a]| light(sum(*r, *g, *b), *a)).collect()
        }
        // Palettes are resolved above.
        ColorType::Grayscale | ColorType::Indexed => pixels,
    };
    // The reader takes the picture by its width and height.
    let (width, height) = (frame.width as usize, frame.height as usize);
    if grey.len() != width * height {
        return Err(png::DecodingError::LimitsExceeded.into());
    }
    Ok((width, height, grey))
}

const PNG_SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// Most pixels of each side: a page scanned at 300 dots an inch fits.
const SIDE_PIXELS_MAX: u32 = 4096;
/// Most bytes that the decoder takes for itself, beside the pixels.
const DECODER_BYTES_MAX: usize = 16 << 20;

#[cfg(test)]
mod tests {
    use super::super::{QR_BYTES_MAX, QrCode, to_png};
    use super::*;

    /// Bytes that are neither text nor digits.
    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|place| (place * 167 + place / 251) as u8 ^ 0xf5).collect()
    }

    fn png_of(width: u32, height: u32, color: ColorType, pixels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, width, height);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(pixels).unwrap();
        bytes
    }

    #[test]
    fn what_is_written_is_read_back_byte_by_byte() {
        for length in [0, 1, 17, 18, 271, 1_000, 1_226, 2_000, 2_774, QR_BYTES_MAX] {
            let content = content(length);
            let png = to_png(&QrCode::new(&content).unwrap()).unwrap();
            assert!(is_png(&png) && png.len() < PNG_BYTES_MAX);
            assert_eq!(read_png(&png).unwrap(), content, "{length} bytes");
        }
        let all_of_one = vec![0x30; QR_BYTES_MAX];
        assert_eq!(read_png(&to_png(&QrCode::new(&all_of_one).unwrap()).unwrap()).unwrap(), all_of_one);
    }

    #[test]
    fn what_is_too_long_for_one_code_is_refused() {
        assert_eq!(QrCode::new(&content(QR_BYTES_MAX)).unwrap().version, 40);
        for length in [QR_BYTES_MAX + 1, 1 << 20] {
            assert!(
                matches!(QrCode::new(&content(length)), Err(QrError::TooLong { actual }) if actual == length)
            );
        }
    }

    #[test]
    fn colours_transparency_and_a_page_around_make_no_difference() {
        let content = content(300);
        let (side, _, grey) = grey_pixels(&to_png(&QrCode::new(&content).unwrap()).unwrap()).unwrap();
        let (width, height) = (side + 311, side + 57);
        let mut page = vec![255; width * height];
        for y in 0..side {
            page[(y + 40) * width + 100..][..side].copy_from_slice(&grey[y * side..][..side]);
        }
        let png = |color, pixel: fn(u8) -> Vec<u8>| {
            let pixels: Vec<u8> = page.iter().flat_map(|grey| pixel(*grey)).collect();
            png_of(width as u32, height as u32, color, &pixels)
        };
        for png in [
            png(ColorType::Grayscale, |grey| vec![grey / 2 + 60]),
            png(ColorType::GrayscaleAlpha, |grey| vec![0, 255 - grey]),
            png(ColorType::Rgb, |grey| vec![grey, grey, 255]),
            png(ColorType::Rgba, |grey| vec![grey, grey / 2, grey, 255]),
        ] {
            assert_eq!(read_png(&png).unwrap(), content);
        }
    }

    #[test]
    fn pictures_without_one_readable_code_are_refused() {
        let blank = png_of(64, 64, ColorType::Grayscale, &[255; 64 * 64]);
        assert!(matches!(read_png(&blank), Err(QrError::NoCode)));
        let (side, _, grey) = grey_pixels(&to_png(&QrCode::new(&content(30)).unwrap()).unwrap()).unwrap();
        let twice: Vec<u8> = grey.chunks(side).flat_map(|row| [row, row].concat()).collect();
        let two = png_of(2 * side as u32, side as u32, ColorType::Grayscale, &twice);
        assert!(matches!(read_png(&two), Err(QrError::SeveralCodes { count: 2 })));
        let mut smeared = grey;
        smeared[side * side / 3..side * side / 2].fill(0);
        let smeared = png_of(side as u32, side as u32, ColorType::Grayscale, &smeared);
        assert!(read_png(&smeared).is_err());
    }

    #[test]
    fn pictures_that_would_take_much_memory_are_refused_by_their_head() {
        let mut huge = png_of(1, 1, ColorType::Rgba, &[0; 4]);
        huge[16..24].copy_from_slice(&[0x7f, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff]);
        let checksum = crc32(&huge[12..29]);
        huge[29..33].copy_from_slice(&checksum.to_be_bytes());
        assert!(matches!(read_png(&huge), Err(QrError::TooLarge { width: 0x7fff_ffff, .. })));
        let wide = png_of(SIDE_PIXELS_MAX + 1, 1, ColorType::Grayscale, &[255; SIDE_PIXELS_MAX as usize + 1]);
        assert!(matches!(read_png(&wide), Err(QrError::TooLarge { height: 1, .. })));
    }

    #[test]
    fn changed_pictures_never_crash_and_never_give_other_bytes() {
        let content = content(200);
        let png = to_png(&QrCode::new(&content).unwrap()).unwrap();
        for cut in (0..png.len()).step_by(37) {
            assert!(matches!(read_png(&png[..cut]), Err(QrError::Png(_))));
        }
        for at in 0..png.len() {
            let mut changed = png.clone();
            changed[at] ^= 1 << (at % 8);
            if let Ok(read) = read_png(&changed) {
                assert_eq!(read, content);
            }
        }
        let (side, _, grey) = grey_pixels(&png).unwrap();
        let mut random = 88_172_645_463_325_252_u64;
        let mut next = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random as usize
        };
        for _ in 0..200 {
            let mut noisy = grey.clone();
            for _ in 0..next() % 3_000 {
                noisy[next() % (side * side)] = next() as u8;
            }
            let noisy = png_of(side as u32, side as u32, ColorType::Grayscale, &noisy);
            if let Ok(read) = read_png(&noisy) {
                assert_eq!(read, content);
            }
        }
    }

    /// A page full of what every code has in its corners takes a reader long that tries all threes of them.
    #[test]
    fn a_page_of_finder_patterns_takes_no_time() {
        let side = 2_048;
        let mut page = vec![255; side * side];
        for (place, pixel) in page.iter_mut().enumerate() {
            let (x, y) = (place % side % 9, place / side % 9);
            let ring = |low, high| x == low || x == high || y == low || y == high;
            if x < 7 && y < 7 && (ring(0, 6) || (2..5).contains(&x) && (2..5).contains(&y)) {
                *pixel = 0;
            }
        }
        let started = std::time::Instant::now();
        assert!(read_png(&png_of(side as u32, side as u32, ColorType::Grayscale, &page)).is_err());
        assert!(started.elapsed() < std::time::Duration::from_secs(10), "{:?}", started.elapsed());
    }

    /// The checksum of a PNG chunk (ISO 3309).
    fn crc32(bytes: &[u8]) -> u32 {
        let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
    }
}
