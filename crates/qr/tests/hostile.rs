//! Pictures that are made to cost much.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::{Duration, Instant};

use png::ColorType;
use sanad_qr::{PICTURE_BYTES_MAX, PictureKind, QrCode, ReadError, to_png};
use support::{Photo, content, png_of, read};

/// Reads with a deadline as a program has it, and checks how far beyond it the work goes.
fn timed(picture: &[u8]) -> Result<Vec<u8>, ReadError> {
    let started = Instant::now();
    let read = sanad_qr::read(picture, &|| started.elapsed() > Duration::from_secs(2), &|_| true);
    assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
    read
}

#[test]
fn pictures_that_would_take_much_memory_are_refused_by_their_head() {
    let mut huge = png_of(1, 1, ColorType::Rgba, &[0; 4]);
    for (width, height) in [(0x7fff_ffff_u32, 0x7fff_ffff_u32), (65_535, 65_535), (16_385, 1), (8_000, 8_000)]
    {
        huge[16..20].copy_from_slice(&width.to_be_bytes());
        huge[20..24].copy_from_slice(&height.to_be_bytes());
        let checksum = crc32(&huge[12..29]);
        huge[29..33].copy_from_slice(&checksum.to_be_bytes());
        let refused = timed(&huge);
        assert!(matches!(refused, Err(ReadError::TooLarge { .. })), "{width} x {height}: {refused:?}");
    }
    let mut jpeg = Photo::of(b"x").jpeg(50);
    let frame = jpeg.windows(2).position(|mark| mark == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    let refused = timed(&jpeg);
    assert!(matches!(refused, Err(ReadError::TooLarge { width: 65_535, .. })), "{refused:?}");
    // A progressive one is held in memory several times over.
    let mut progressive = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut progressive, 50);
    encoder.set_progressive(true);
    encoder.encode(&[200; 64 * 64], 64, 64, jpeg_encoder::ColorType::Luma).unwrap();
    let frame = progressive.windows(2).position(|mark| mark == [0xff, 0xc2]).unwrap();
    progressive[frame + 5..frame + 9].copy_from_slice(&[0x0f, 0xa0, 0x13, 0x88]);
    let refused = timed(&progressive);
    assert!(matches!(refused, Err(ReadError::TooLarge { width: 5_000, height: 4_000, .. })), "{refused:?}");
    let mut webp = Photo::of(b"x").webp();
    // VP8L: 14 bits each of width and height behind a signature byte.
    webp[21..25].copy_from_slice(&[0xff, 0xff, 0xff, 0x0f]);
    assert!(matches!(timed(&webp), Err(ReadError::TooLarge { .. } | ReadError::Webp(_))));
    let mut long = b"\x89PNG\r\n\x1a\n".to_vec();
    long.resize(PICTURE_BYTES_MAX + 1, 0);
    assert!(matches!(timed(&long), Err(ReadError::TooLong { .. })));
}

#[test]
fn the_largest_pictures_take_bounded_time() {
    let (width, height) = (6_000, 4_000);
    let mut random = 1_u64;
    let noise: Vec<u8> = (0..width * height)
        .map(|_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 56) as u8
        })
        .collect();
    // Noise does not compress: as bilevel it fits the bytes.
    let bilevel: Vec<u8> = noise.iter().map(|grey| if grey & 1 == 0 { 0 } else { 255 }).collect();
    assert!(timed(&png_of(width, height, ColorType::Grayscale, &bilevel)).is_err());
    assert!(timed(&png_of(width, height, ColorType::Grayscale, &vec![0; width * height])).is_err());
    for period in [9, 8, 14] {
        assert!(timed(&page_of_squares(width, height, period)).is_err());
    }
    let stripes: Vec<u8> =
        (0..width * height).map(|place| if place % width % 7 < 3 { 0 } else { 255 }).collect();
    assert!(timed(&png_of(width, height, ColorType::Grayscale, &stripes)).is_err());
}

/// A page full of what every code has in its corners takes a reader long that tries all threes of them.
fn page_of_squares(width: usize, height: usize, period: usize) -> Vec<u8> {
    let mut page = vec![255; width * height];
    for (place, pixel) in page.iter_mut().enumerate() {
        let (x, y) = (place % width % period, place / width % period);
        let ring = |low, high| x == low || x == high || y == low || y == high;
        if x < 7 && y < 7 && (ring(0, 6) || (2..5).contains(&x) && (2..5).contains(&y)) {
            *pixel = 0;
        }
    }
    png_of(width, height, ColorType::Grayscale, &page)
}

#[test]
fn changed_and_cut_pictures_never_crash_and_never_give_other_bytes() {
    let content = content(200);
    let photo = Photo { module: 3.0, ..Photo::of(&content) };
    let png = to_png(&QrCode::new(&content).unwrap()).unwrap();
    for picture in [png, photo.jpeg(70), photo.webp()] {
        for cut in (0..picture.len()).step_by(picture.len() / 25) {
            if let Ok(read) = read(&picture[..cut]) {
                assert_eq!(read, content);
            }
        }
        for at in (0..picture.len()).step_by(picture.len() / 150 + 1) {
            let mut changed = picture.clone();
            changed[at] ^= 1 << (at % 8);
            if let Ok(read) = read(&changed) {
                assert_eq!(read, content);
            }
        }
    }
}

#[test]
fn other_files_are_called_what_they_are() {
    for (bytes, said) in [
        (&b"%PDF-1.7"[..], "is a PDF; save the page or picture as PNG, JPEG or WebP"),
        (b"GIF89a", "is a GIF; save the page or picture as PNG, JPEG or WebP"),
        (b"{}", "not a picture; give a PNG, JPEG or WebP"),
    ] {
        assert_eq!(read(bytes).unwrap_err().to_string(), said);
    }
    assert_eq!(PictureKind::of(b"{}"), None);
    let blank = png_of(64, 64, ColorType::Grayscale, &[255; 64 * 64]);
    assert!(matches!(read(&blank), Err(ReadError::NoCode)));
    let never = sanad_qr::read(&blank, &|| true, &|_| true);
    assert!(matches!(never, Err(ReadError::OutOfTime)));
}

/// The checksum of a PNG chunk (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}
