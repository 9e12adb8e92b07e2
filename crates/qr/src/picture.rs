//! From a file to shades of grey, within limits.

use std::io::Cursor;

use png::{ColorType, Transformations};
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use crate::draw::{MODULE_PIXELS, SVG_START};
use crate::error::ReadError;
use crate::kind::PictureKind;

/// Longest picture that is read, in bytes (16 MiB).
pub const PICTURE_BYTES_MAX: usize = 16 << 20;
/// Most pixels of a picture that is read: what the camera of a telephone takes, or a page scanned at 400 dots an inch.
pub const PICTURE_PIXELS_MAX: usize = 24 << 20;
/// Most pixels of each side.
pub const PICTURE_SIDE_MAX: usize = 16_384;
/// Most modules of each side of a drawing: version 40, and its light border.
const SVG_MODULES_MAX: usize = 185;
/// Longest drawing, in bytes (512 KiB): twice as long as one of half the modules, each by itself.
const SVG_BYTES_MAX: usize = 512 << 10;

/// A picture in shades of grey, one byte a pixel, row by row: 0 is black.
pub(crate) struct Grey {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) pixels: Vec<u8>,
}

impl Grey {
    /// Decodes a picture. Its size is checked before anything is allocated for it.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ReadError> {
        let kind = PictureKind::of(bytes).ok_or(ReadError::NotAPicture)?;
        if kind.is_readable() && bytes.len() > PICTURE_BYTES_MAX {
            return Err(ReadError::TooLong { actual: bytes.len(), limit: PICTURE_BYTES_MAX });
        }
        match kind {
            PictureKind::Png => png(bytes),
            PictureKind::Jpeg => jpeg(bytes),
            PictureKind::Webp => webp(bytes),
            PictureKind::Svg => drawing(bytes).ok_or(ReadError::Unsupported { kind }),
            kind => Err(ReadError::Unsupported { kind }),
        }
    }

    /// A light picture of a size that was checked.
    fn light(width: usize, height: usize) -> Self {
        Self { width, height, pixels: vec![255; width * height] }
    }
}

fn check_size(width: usize, height: usize) -> Result<(), ReadError> {
    let fits = width.checked_mul(height).is_some_and(|pixels| pixels <= PICTURE_PIXELS_MAX);
    match fits && width <= PICTURE_SIDE_MAX && height <= PICTURE_SIDE_MAX {
        true => Ok(()),
        false => Err(ReadError::TooLarge { width, height, limit: PICTURE_PIXELS_MAX }),
    }
}

/// A code as [`crate::to_svg`] draws it; no other SVG is read.
fn drawing(bytes: &[u8]) -> Option<Grey> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= SVG_BYTES_MAX)?;
    let (_, rest) = text.strip_prefix(SVG_START)?.split_once("viewBox=\"0 0 ")?;
    let (side, rest) = rest.split_once(' ')?;
    let side: usize = side.parse().ok().filter(|side| *side <= SVG_MODULES_MAX)?;
    let (path, _) = rest.split_once(" d=\"")?.1.split_once('"')?;
    let pixels = side * MODULE_PIXELS;
    let mut grey = Grey::light(pixels, pixels);
    for run in path.split_terminator('z') {
        let (place, run) = run.strip_prefix('M')?.split_once('h')?;
        let (x, y) = place.split_once(' ')?;
        let run = run.split_once('v')?.0;
        let [x, y, run] = [x, y, run].map(|number| number.parse::<usize>().ok());
        let (x, y, run) = (x?, y?, run?);
        let end = x.checked_add(run).filter(|end| *end <= side && y < side)?;
        for row in y * MODULE_PIXELS..(y + 1) * MODULE_PIXELS {
            grey.pixels[row * pixels..][x * MODULE_PIXELS..end * MODULE_PIXELS].fill(0);
        }
    }
    Some(grey)
}

/// Row by row, unless it is interlaced.
fn png(bytes: &[u8]) -> Result<Grey, ReadError> {
    let limits = png::Limits { bytes: PNG_TABLES_BYTES_MAX };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let (width, height) = decoder.read_header_info()?.size();
    let (width, height) = (width as usize, height as usize);
    check_size(width, height)?;
    let mut reader = decoder.read_info()?;
    let color = reader.output_color_type().0;
    let mut grey = Grey::light(width, height);
    if reader.info().interlaced {
        let mut pixels = vec![0; reader.output_buffer_size().ok_or(png::DecodingError::LimitsExceeded)?];
        reader.next_frame(&mut pixels)?;
        to_grey(color, &pixels, &mut grey.pixels);
        return Ok(grey);
    }
    for target in grey.pixels.chunks_mut(width) {
        let Some(row) = reader.next_row()? else { break };
        to_grey(color, row.data(), target);
    }
    Ok(grey)
}

fn jpeg(bytes: &[u8]) -> Result<Grey, ReadError> {
    let damaged = |source| ReadError::Jpeg(Box::new(source));
    let options = DecoderOptions::new_safe()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
        .jpeg_set_max_scans(JPEG_SCANS_MAX)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    check_size(width, height)?;
    // All coefficients of a progressive JPEG are held until its last pass.
    let is_sequential = decoder.info().is_some_and(|info| info.sof.is_sequential_dct());
    if !is_sequential && width * height > PROGRESSIVE_PIXELS_MAX {
        return Err(ReadError::TooLarge { width, height, limit: PROGRESSIVE_PIXELS_MAX });
    }
    // Brightness is a part of its own in nearly every JPEG: then nothing else is decoded.
    let has_luma = matches!(decoder.input_colorspace(), Some(ColorSpace::YCbCr | ColorSpace::Luma));
    if !has_luma {
        decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::RGB));
    }
    let mut pixels = decoder.decode().map_err(damaged)?;
    drop(decoder);
    if has_luma {
        pixels.resize(width * height, 255);
        return Ok(Grey { width, height, pixels });
    }
    let mut grey = Grey::light(width, height);
    to_grey(ColorType::Rgb, &pixels, &mut grey.pixels);
    Ok(grey)
}

fn webp(bytes: &[u8]) -> Result<Grey, ReadError> {
    let mut decoder = image_webp::WebPDecoder::new(Cursor::new(bytes))?;
    decoder.set_memory_limit(4 * PICTURE_PIXELS_MAX);
    let (width, height) = decoder.dimensions();
    let (width, height) = (width as usize, height as usize);
    check_size(width, height)?;
    let color = if decoder.has_alpha() { ColorType::Rgba } else { ColorType::Rgb };
    let mut pixels = vec![0; decoder.output_buffer_size().unwrap_or_default()];
    decoder.read_image(&mut pixels)?;
    let mut grey = Grey::light(width, height);
    to_grey(color, &pixels, &mut grey.pixels);
    Ok(grey)
}

/// Pixels of 8 bits a part. What is transparent shows a white page.
fn to_grey(color: ColorType, pixels: &[u8], grey: &mut [u8]) {
    let over_white = |grey: u8, alpha: u8| {
        let (grey, alpha) = (u32::from(grey), u32::from(alpha));
        ((grey * alpha + 255 * (255 - alpha)) / 255) as u8
    };
    let mean = |r: u8, g: u8, b: u8| ((u32::from(r) + u32::from(g) + u32::from(b)) / 3) as u8;
    match color {
        ColorType::GrayscaleAlpha => {
            let pixels = pixels.as_chunks().0.iter().map(|[grey, alpha]| over_white(*grey, *alpha));
            grey.iter_mut().zip(pixels).for_each(|(target, pixel)| *target = pixel);
        }
        ColorType::Rgb => {
            let pixels = pixels.as_chunks().0.iter().map(|[r, g, b]| mean(*r, *g, *b));
            grey.iter_mut().zip(pixels).for_each(|(target, pixel)| *target = pixel);
        }
        ColorType::Rgba => {
            let pixels = pixels.as_chunks().0.iter().map(|[r, g, b, a]| over_white(mean(*r, *g, *b), *a));
            grey.iter_mut().zip(pixels).for_each(|(target, pixel)| *target = pixel);
        }
        // Palettes were resolved by the decoder.
        ColorType::Grayscale | ColorType::Indexed => {
            grey.iter_mut().zip(pixels).for_each(|(target, pixel)| *target = *pixel);
        }
    }
}

/// Most bytes that the PNG decoder takes for text, profiles and tables (16 MiB).
const PNG_TABLES_BYTES_MAX: usize = 16 << 20;
/// Most pixels of a progressive JPEG, which takes 6 bytes of memory for each.
const PROGRESSIVE_PIXELS_MAX: usize = 16 << 20;
/// Most passes over a progressive JPEG: encoders make some 10.
const JPEG_SCANS_MAX: usize = 32;
