//! Pictures of codes as people take them.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use sanad_qr::{Correction, DrawError, QR_BYTES_MAX, QrCode, ReadError, Segment, to_png, to_svg};
use support::{Photo, content, late, png_of, read};

#[test]
fn what_is_drawn_is_read_back_byte_by_byte() {
    for length in [0, 1, 17, 18, 271, 1_000, 1_226, 2_000, 2_774, QR_BYTES_MAX] {
        let content = content(length);
        let png = to_png(&QrCode::new(&content).unwrap()).unwrap();
        assert_eq!(read(&png).unwrap(), content, "{length} bytes");
        let svg = to_svg(&QrCode::new(&content).unwrap());
        assert_eq!(read(svg.as_bytes()).unwrap(), content, "{length} bytes in an SVG");
    }
    let badge =
        b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" viewBox=\"0 0 1 1\"><path d=\"M0 0\"/></svg>";
    assert!(matches!(read(badge), Err(ReadError::Unsupported { .. })));
    for path in ["M9 0h9v1h-9z", "M0 10h1v1h-1z", "M0 0h18446744073709551615v1h-1z", "M0 0h1"] {
        let start = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" viewBox=\"0 0 10 10\"";
        assert!(read(format!("{start}><path d=\"{path}\"/></svg>").as_bytes()).is_err(), "{path}");
    }
    let all_of_one = vec![0x30; QR_BYTES_MAX];
    assert_eq!(read(&to_png(&QrCode::new(&all_of_one).unwrap()).unwrap()).unwrap(), all_of_one);
}

#[test]
fn at_every_angle() {
    for length in [120, 1_000, QR_BYTES_MAX] {
        let content = content(length);
        for degrees in [3, 7, 30, 45, 90, 133, 180, 270, 359] {
            let photo = Photo { degrees: degrees as f32, ..Photo::of(&content) };
            assert_eq!(read(&photo.png()).unwrap(), content, "{length} bytes, {degrees} degrees");
        }
    }
}

#[test]
fn inverted_mirrored_and_without_a_border() {
    for length in [120, 1_000, 2_700] {
        let content = content(length);
        for inverted in [false, true] {
            for mirrored in [false, true] {
                for border in [0.0, 1.0, 4.0] {
                    for degrees in [0.0, 7.0, 90.0] {
                        let photo = Photo { inverted, mirrored, border, degrees, ..Photo::of(&content) };
                        let what = format!("{length}: {photo:?}");
                        assert_eq!(read(&photo.png()).expect(&what), content, "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn unevenly_lit_noisy_blurred_and_in_perspective() {
    for length in [120, 1_000, 2_000] {
        let content = content(length);
        let usual = || Photo::of(&content);
        for photo in [
            Photo { shade: 0.75, ..usual() },
            Photo { shade: 0.6, degrees: 7.0, ..usual() },
            Photo { noise: 60.0, ..usual() },
            Photo { noise: 30.0, shade: 0.5, degrees: 12.0, ..usual() },
            Photo { blur: 2, ..usual() },
            Photo { tilt: 0.12, ..usual() },
            Photo { tilt: 0.08, shade: 0.5, noise: 20.0, blur: 1, degrees: -9.0, ..usual() },
        ] {
            let what = format!("{length}: {photo:?}");
            assert_eq!(read(&photo.png()).expect(&what), content, "{what}");
        }
    }
}

#[test]
fn small_and_large_modules() {
    for length in [40, 1_000, 2_900] {
        let content = content(length);
        for module in [1.0, 1.5, 2.0, 2.4, 3.3, 8.0, 14.0] {
            let upright = Photo { module, ..Photo::of(&content) };
            let turned = Photo { degrees: 7.0, ..upright.clone() };
            let photos = if module < 2.0 { vec![upright] } else { vec![upright, turned] };
            for photo in photos {
                let what = format!("{length}: {photo:?}");
                assert_eq!(read(&photo.png()).expect(&what), content, "{what}");
            }
        }
    }
}

#[test]
fn on_a_page_with_text_around_it() {
    let content = content(1_500);
    let photo = Photo { page: true, degrees: 7.0, ..Photo::of(&content) };
    assert_eq!(read(&photo.png()).unwrap(), content);
}

#[test]
fn jpeg_and_webp() {
    for length in [120, 2_000] {
        let content = content(length);
        for photo in [Photo::of(&content), Photo { degrees: 7.0, shade: 0.5, ..Photo::of(&content) }] {
            assert_eq!(read(&photo.jpeg(60)).unwrap(), content);
            assert_eq!(read(&photo.webp()).unwrap(), content);
        }
    }
}

#[test]
fn the_code_that_is_wanted_among_others() {
    let (own, other) = (content(900), b"https://university.example/".to_vec());
    let side_by_side = Photo::row(&[&other, &own, &other]);
    let found = sanad_qr::read(&side_by_side, &late(), &|code| code == own).unwrap();
    assert_eq!(found, own);
    let none = sanad_qr::read(&side_by_side, &late(), &|_| false);
    assert!(matches!(none, Err(ReadError::OthersOnly { count: 2 })), "{none:?}");
    let both = sanad_qr::read(&side_by_side, &late(), &|_| true);
    assert!(matches!(both, Err(ReadError::Several { count: 2 })), "{both:?}");
    assert_eq!(read(&Photo::row(&[&own, &own])).unwrap(), own, "the same code twice is one code");
}

#[test]
fn colours_and_transparency() {
    use png::ColorType;
    let content = content(300);
    let (width, height, page) = Photo::of(&content).render();
    let png = |color, pixel: fn(u8) -> Vec<u8>| {
        let pixels: Vec<u8> = page.iter().flat_map(|grey| pixel(*grey)).collect();
        png_of(width, height, color, &pixels)
    };
    for png in [
        png(ColorType::Grayscale, |grey| vec![grey / 2 + 60]),
        png(ColorType::GrayscaleAlpha, |grey| vec![0, 255 - grey]),
        png(ColorType::Rgb, |grey| vec![grey, grey, 255]),
        png(ColorType::Rgba, |grey| vec![grey, grey / 2, grey, 255]),
    ] {
        assert_eq!(read(&png).unwrap(), content);
    }
}

#[test]
fn an_address_and_digits_are_read_back_as_one_text() {
    let digits = "0123456789".repeat(480);
    let segments = [Segment::Bytes(b"https://v.univ.example/v#"), Segment::Digits(&digits)];
    let code = QrCode::of_segments(&segments, Correction::Low).unwrap();
    assert!(code.version <= 34, "version {}", code.version);
    let text = format!("https://v.univ.example/v#{digits}");
    assert_eq!(read(&to_png(&code).unwrap()).unwrap(), text.as_bytes());
    let medium = QrCode::of_segments(&[Segment::Bytes(&[7; 80])], Correction::Medium).unwrap();
    assert_eq!(medium.version, 5);
    assert!(matches!(
        QrCode::of_segments(&[Segment::Digits("1a")], Correction::Low),
        Err(DrawError::NotADigit)
    ));
    let long = "1".repeat(7090);
    assert!(matches!(
        QrCode::of_segments(&[Segment::Digits(&long)], Correction::Low),
        Err(DrawError::TooLong { .. })
    ));
}
