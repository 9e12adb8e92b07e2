//! From a picture to the bytes of a code.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::common::{BitMatrix, DetectorRXingResult as _, GlobalHistogramBinarizer, HybridBinarizer};
use rxing::qrcode::cpp_port::decoder::Decode;
use rxing::qrcode::cpp_port::detector::{GenerateFinderPatternSets, SampleQR};
use rxing::{Binarizer as _, Luma8Source};

use crate::error::ReadError;
use crate::finders;
use crate::picture::Grey;

/// The content of the one code in a PNG, JPEG or WebP that `is_wanted` says yes to, at whatever angle, mirrored, inverted,
/// without its light border, or unevenly lit.
///
/// `late` is asked again and again whether the time is up. Decoding a picture of the most pixels comes on top: some 0.3 s.
///
/// # Errors
/// [`ReadError`].
pub fn read(
    picture: &[u8],
    late: &dyn Fn() -> bool,
    is_wanted: &dyn Fn(&[u8]) -> bool,
) -> Result<Vec<u8>, ReadError> {
    let grey = Grey::decode(picture)?;
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for attempt in ATTEMPTS {
        if late() {
            break;
        }
        if !attempt.suits(&grey) {
            continue;
        }
        // The library is a port with assertions of its own: what it trips over is a picture that is not read.
        let codes = catch_unwind(AssertUnwindSafe(|| attempt.codes(&grey, late, is_wanted)));
        for code in codes.unwrap_or_default() {
            if !seen.contains(&code) {
                seen.push(code);
            }
        }
        let wanted: Vec<&Vec<u8>> = seen.iter().filter(|code| is_wanted(code)).collect();
        match wanted[..] {
            [] => {}
            [code] => return Ok(code.clone()),
            _ => return Err(ReadError::Several { count: wanted.len() }),
        }
    }
    match seen.len() {
        0 if late() => Err(ReadError::OutOfTime),
        0 => Err(ReadError::NoCode),
        count => Err(ReadError::OthersOnly { count }),
    }
}

/// One way to look at a picture.
struct Attempt {
    scale: Scale,
    /// Light modules on a dark ground.
    inverted: bool,
    threshold: Threshold,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scale {
    Same,
    /// For modules of a pixel or two.
    Double,
    /// For pictures that are noisy or out of focus.
    Half,
    Quarter,
}

/// What makes a pixel dark.
#[derive(Clone, Copy)]
enum Threshold {
    /// It is darker than what is around it: for uneven light.
    Local,
    /// It belongs to the darker of two heaps: for small codes and large areas.
    Global,
}

const fn attempt(scale: Scale, threshold: Threshold, inverted: bool) -> Attempt {
    Attempt { scale, inverted, threshold }
}

/// What succeeds most often comes first.
const ATTEMPTS: [Attempt; 14] = [
    attempt(Scale::Same, Threshold::Local, false),
    attempt(Scale::Same, Threshold::Local, true),
    attempt(Scale::Half, Threshold::Local, false),
    attempt(Scale::Half, Threshold::Local, true),
    attempt(Scale::Double, Threshold::Local, false),
    attempt(Scale::Double, Threshold::Local, true),
    attempt(Scale::Same, Threshold::Global, false),
    attempt(Scale::Same, Threshold::Global, true),
    attempt(Scale::Quarter, Threshold::Local, false),
    attempt(Scale::Quarter, Threshold::Local, true),
    attempt(Scale::Double, Threshold::Global, false),
    attempt(Scale::Double, Threshold::Global, true),
    attempt(Scale::Half, Threshold::Global, false),
    attempt(Scale::Half, Threshold::Global, true),
];

impl Attempt {
    fn suits(&self, grey: &Grey) -> bool {
        let pixels = grey.pixels.len();
        match self.scale {
            Scale::Same => true,
            Scale::Double => pixels <= DOUBLED_PIXELS_MAX,
            Scale::Half => pixels >= HALVED_PIXELS_MIN,
            Scale::Quarter => pixels >= 4 * HALVED_PIXELS_MIN,
        }
    }

    /// The codes that this way shows. Once one is wanted, only the next few places are looked at.
    fn codes(&self, grey: &Grey, late: &dyn Fn() -> bool, is_wanted: &dyn Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
        let Some(image) = self.image(grey) else { return Vec::new() };
        let mut finders = finders::find(&image, late);
        let mut codes: Vec<Vec<u8>> = Vec::new();
        let mut used = Vec::new();
        let mut left = usize::MAX;
        for set in GenerateFinderPatternSets(&mut finders) {
            if left == 0 || late() {
                break;
            }
            left -= 1;
            let corners = [set.bl, set.tl, set.tr];
            if corners.iter().any(|corner| used.contains(corner)) {
                continue;
            }
            let Ok(sampled) = SampleQR(&image, &set) else { continue };
            let Ok(decoded) = Decode(sampled.getBits()) else { continue };
            if !decoded.isValid() {
                continue;
            }
            used.extend(corners);
            let bytes = decoded.content().bytes().to_vec();
            if is_wanted(&bytes) {
                left = left.min(SETS_AFTER_FOUND);
            }
            if !codes.contains(&bytes) {
                codes.push(bytes);
            }
        }
        codes
    }

    /// Dark and light, with a light border around it. `None` for a picture too small to hold a code.
    fn image(&self, grey: &Grey) -> Option<BitMatrix> {
        let scaled = match self.scale {
            Scale::Same => Cow::Borrowed(&grey.pixels[..]),
            Scale::Double => Cow::Owned(doubled(grey)),
            Scale::Half => Cow::Owned(shrunk(grey, 2)),
            Scale::Quarter => Cow::Owned(shrunk(grey, 4)),
        };
        let (width, height) = match self.scale {
            Scale::Same => (grey.width, grey.height),
            Scale::Double => (2 * grey.width, 2 * grey.height),
            Scale::Half => (grey.width / 2, grey.height / 2),
            Scale::Quarter => (grey.width / 4, grey.height / 4),
        };
        if width < CODE_PIXELS_MIN || height < CODE_PIXELS_MIN {
            return None;
        }
        let (across, down) = (width + 2 * BORDER_PIXELS, height + 2 * BORDER_PIXELS);
        let mut framed = vec![255; across * down];
        for (y, row) in scaled.chunks_exact(width).enumerate() {
            let target = &mut framed[(y + BORDER_PIXELS) * across + BORDER_PIXELS..][..width];
            match self.inverted {
                true => target.iter_mut().zip(row).for_each(|(target, pixel)| *target = 255 - pixel),
                false => target.copy_from_slice(row),
            }
        }
        drop(scaled);
        let source = Luma8Source::new(framed, across as u32, down as u32).ok()?;
        match self.threshold {
            Threshold::Local => HybridBinarizer::new(source).get_black_matrix().ok().cloned(),
            Threshold::Global => GlobalHistogramBinarizer::new(source).get_black_matrix().ok().cloned(),
        }
    }
}

/// Twice the size, with the mean of neighbours between them.
fn doubled(grey: &Grey) -> Vec<u8> {
    let Grey { width, height, pixels } = grey;
    let at = |x: usize, y: usize| u32::from(pixels[y.min(height - 1) * width + x.min(width - 1)]);
    let mut large = vec![0; 4 * pixels.len()];
    for (y, row) in large.chunks_exact_mut(2 * width).enumerate() {
        for (x, target) in row.iter_mut().enumerate() {
            let (x0, y0, x1, y1) = (x / 2, y / 2, x.div_ceil(2), y.div_ceil(2));
            *target = ((at(x0, y0) + at(x1, y0) + at(x0, y1) + at(x1, y1)) / 4) as u8;
        }
    }
    large
}

/// The mean of each square of pixels of a side.
fn shrunk(grey: &Grey, side: usize) -> Vec<u8> {
    let (width, height) = (grey.width / side, grey.height / side);
    let mut small = vec![0; width * height];
    for (y, row) in small.chunks_exact_mut(width.max(1)).enumerate() {
        for (x, target) in row.iter_mut().enumerate() {
            let rows = (y * side..(y + 1) * side).map(|y| &grey.pixels[y * grey.width + x * side..][..side]);
            let sum: u32 = rows.flatten().map(|pixel| u32::from(*pixel)).sum();
            *target = (sum / (side * side) as u32) as u8;
        }
    }
    small
}

/// Light pixels around the picture, for a code that reaches its edge.
const BORDER_PIXELS: usize = 16;
/// Pixels of each side that the smallest code needs.
const CODE_PIXELS_MIN: usize = 21;
/// Most pixels of a picture that is looked at in twice its size.
const DOUBLED_PIXELS_MAX: usize = 4 << 20;
/// Fewest pixels of a picture that is looked at in half its size.
const HALVED_PIXELS_MIN: usize = 1 << 18;
/// Triples of corners that are tried after a code was found, for a second one in the same picture.
const SETS_AFTER_FOUND: usize = 64;
