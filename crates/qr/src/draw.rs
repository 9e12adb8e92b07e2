//! Pictures of a code, each with its light border.

use std::fmt::Write as _;

use crate::code::QrCode;
use crate::error::DrawError;

/// Lines of half blocks, two modules a character, black on white whatever the terminal's colours are.
pub fn to_terminal(code: &QrCode) -> String {
    let side = code.side() + 2 * QUIET_MODULES;
    let mut text = String::new();
    for y in (0..side).step_by(2) {
        text.push_str(BLACK_ON_WHITE);
        for x in 0..side {
            text.push(match (is_dark(code, x, y), is_dark(code, x, y + 1)) {
                (false, false) => ' ',
                (true, false) => '▀',
                (false, true) => '▄',
                (true, true) => '█',
            });
        }
        text.push_str(USUAL_COLOURS);
        text.push('\n');
    }
    text
}

/// A PNG in shades of grey, [`MODULE_PIXELS`] pixels a module.
///
/// # Errors
/// [`DrawError::Png`].
pub fn to_png(code: &QrCode) -> Result<Vec<u8>, DrawError> {
    let side = (code.side() + 2 * QUIET_MODULES) * MODULE_PIXELS;
    let pixel = |place: usize| {
        let (x, y) = (place % side / MODULE_PIXELS, place / side / MODULE_PIXELS);
        if is_dark(code, x, y) { 0 } else { 255 }
    };
    let pixels: Vec<u8> = (0..side * side).map(pixel).collect();
    let mut bytes = Vec::new();
    let pixels_across = u32::try_from(side).expect("invariant: a code has at most 177 modules a side");
    let mut encoder = png::Encoder::new(&mut bytes, pixels_across, pixels_across);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels)?;
    writer.finish()?;
    Ok(bytes)
}

/// An SVG whose unit is a module, shown at [`MODULE_PIXELS`] pixels a module.
pub fn to_svg(code: &QrCode) -> String {
    let side = code.side() + 2 * QUIET_MODULES;
    let pixels = side * MODULE_PIXELS;
    let mut text = format!(
        "{SVG_START}{pixels}\" height=\"{pixels}\" \
         viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\n\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\n<path fill=\"#000\" d=\""
    );
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let run = (x..side).take_while(|x| is_dark(code, *x, y)).count();
            if run > 0 {
                write!(text, "M{x} {y}h{run}v1h-{run}z").expect("invariant: a String takes all");
            }
            x += run.max(1);
        }
    }
    text.push_str("\"/>\n</svg>\n");
    text
}

/// Whether a place is dark, counted from the corner of the border.
fn is_dark(code: &QrCode, x: usize, y: usize) -> bool {
    let inside = |place: usize| place.checked_sub(QUIET_MODULES);
    matches!((inside(x), inside(y)), (Some(x), Some(y)) if code.is_dark(x, y))
}

/// Modules that are left light around a code (ISO/IEC 18004, 6.3.8).
const QUIET_MODULES: usize = 4;
/// Pixels of each side of a module: a phone makes out 4 and more.
pub const MODULE_PIXELS: usize = 4;
/// What every drawing begins with.
pub(crate) const SVG_START: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"";
const BLACK_ON_WHITE: &str = "\x1b[30;107m";
const USUAL_COLOURS: &str = "\x1b[0m";
