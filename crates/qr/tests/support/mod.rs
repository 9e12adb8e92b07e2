//! Pictures of codes, distorted as a camera, a printer and a hand do it.
#![allow(dead_code, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::{Duration, Instant};

use png::ColorType;
use sanad_qr::{QrCode, ReadError};

/// Bytes that are neither text nor digits.
pub fn content(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place * 167 + place / 251) as u8 ^ 0xf5).collect()
}

/// Time for one picture, with a machine that has other work.
pub fn late() -> impl Fn() -> bool {
    let started = Instant::now();
    move || started.elapsed() > Duration::from_secs(20)
}

pub fn read(picture: &[u8]) -> Result<Vec<u8>, ReadError> {
    sanad_qr::read(picture, &late(), &|_| true)
}

pub fn png_of(width: usize, height: usize, color: ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(color);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

/// A code and how it was taken.
#[derive(Clone)]
pub struct Photo {
    pub modules: Vec<Vec<bool>>,
    /// Pixels of a module.
    pub module: f32,
    /// Light modules around the code.
    pub border: f32,
    pub degrees: f32,
    pub inverted: bool,
    pub mirrored: bool,
    /// How much darker the far corner is, up to 1.
    pub shade: f32,
    /// Most that a pixel differs by chance.
    pub noise: f32,
    /// Pixels on each side that a pixel is the mean of.
    pub blur: usize,
    /// How much smaller the top is than the bottom.
    pub tilt: f32,
    /// Lines of what looks like text around it.
    pub page: bool,
}

impl std::fmt::Debug for Photo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { module, border, degrees, inverted, mirrored, shade, noise, blur, tilt, .. } = self;
        let side = self.modules.len();
        write!(f, "{side} modules of {module}, border {border}, {degrees} degrees, inverted {inverted}, ")?;
        write!(f, "mirrored {mirrored}, shade {shade}, noise {noise}, blur {blur}, tilt {tilt}")
    }
}

impl Photo {
    pub fn of(content: &[u8]) -> Self {
        let code = QrCode::new(content).unwrap();
        let row = |y| (0..code.side()).map(|x| code.is_dark(x, y)).collect();
        Self {
            modules: (0..code.side()).map(row).collect(),
            module: 4.0,
            border: 4.0,
            degrees: 0.0,
            inverted: false,
            mirrored: false,
            shade: 0.0,
            noise: 0.0,
            blur: 0,
            tilt: 0.0,
            page: false,
        }
    }

    /// Width, height and shades of grey.
    pub fn render(&self) -> (usize, usize, Vec<u8>) {
        let side = self.modules.len() as f32;
        let (sine, cosine) = self.degrees.to_radians().sin_cos();
        let own = side + 2.0 * self.border;
        // The turned square, and a margin for the text of a page.
        let across = own * (sine.abs() + cosine.abs()) + if self.page { 60.0 } else { 0.0 };
        let pixels = (across * self.module).ceil() as usize;
        let mut random = 88_172_645_463_325_252_u64;
        let mut chance = || {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            (random >> 40) as f32 / (1 << 24) as f32
        };
        let dark_at = |x: f32, y: f32| {
            // From the middle of the picture, in modules.
            let (x, y) = ((x / self.module) - across / 2.0, (y / self.module) - across / 2.0);
            let (mut x, mut y) = (x * cosine + y * sine, y * cosine - x * sine);
            let depth = 1.0 + self.tilt * y / own;
            x /= depth;
            y /= depth;
            if self.mirrored {
                x = -x;
            }
            let (x, y) = (x + side / 2.0, y + side / 2.0);
            if x < -self.border || y < -self.border || x >= side + self.border || y >= side + self.border {
                // Strokes of letters outside the border of the code.
                return self.page
                    && (y as i32).rem_euclid(4) > 1
                    && ((x * 3.7) as i32 ^ (y as i32 / 4)) % 3 == 0;
            }
            if x < 0.0 || y < 0.0 || x >= side || y >= side {
                return false;
            }
            self.modules[y as usize][x as usize]
        };
        let mut grey = Vec::with_capacity(pixels * pixels);
        for y in 0..pixels {
            for x in 0..pixels {
                let dark = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)];
                let dark = dark.into_iter().filter(|(dx, dy)| dark_at(x as f32 + dx, y as f32 + dy)).count();
                let share = dark as f32 / 4.0;
                let share = if self.inverted { 1.0 - share } else { share };
                let light = 1.0 - self.shade * (x + y) as f32 / (2 * pixels) as f32;
                let value = (235.0 - 205.0 * share) * light + self.noise * (chance() - 0.5);
                grey.push(value.clamp(0.0, 255.0) as u8);
            }
        }
        (pixels, pixels, blurred(&grey, pixels, self.blur))
    }

    pub fn png(&self) -> Vec<u8> {
        let (width, height, grey) = self.render();
        png_of(width, height, ColorType::Grayscale, &grey)
    }

    pub fn jpeg(&self, quality: u8) -> Vec<u8> {
        let (width, height, grey) = self.render();
        let rgb: Vec<u8> = grey.iter().flat_map(|grey| [*grey, *grey, grey / 2 + 100]).collect();
        let mut bytes = Vec::new();
        let encoder = jpeg_encoder::Encoder::new(&mut bytes, quality);
        encoder.encode(&rgb, width as u16, height as u16, jpeg_encoder::ColorType::Rgb).unwrap();
        bytes
    }

    pub fn webp(&self) -> Vec<u8> {
        let (width, height, grey) = self.render();
        let mut bytes = Vec::new();
        let encoder = image_webp::WebPEncoder::new(&mut bytes);
        encoder.encode(&grey, width as u32, height as u32, image_webp::ColorType::L8).unwrap();
        bytes
    }

    /// A PNG of codes side by side.
    pub fn row(contents: &[&[u8]]) -> Vec<u8> {
        let codes: Vec<_> = contents.iter().map(|content| Self::of(content).render()).collect();
        let height = codes.iter().map(|code| code.1).max().unwrap();
        let width = codes.iter().map(|code| code.0).sum();
        let mut page = vec![235; width * height];
        let mut left = 0;
        for (across, down, grey) in &codes {
            for y in 0..*down {
                page[y * width + left..][..*across].copy_from_slice(&grey[y * across..][..*across]);
            }
            left += across;
        }
        png_of(width, height, ColorType::Grayscale, &page)
    }
}

fn blurred(grey: &[u8], side: usize, radius: usize) -> Vec<u8> {
    if radius == 0 {
        return grey.to_vec();
    }
    let mut out = Vec::with_capacity(grey.len());
    for y in 0..side {
        for x in 0..side {
            let (mut sum, mut count) = (0_u32, 0);
            for y in y.saturating_sub(radius)..=(y + radius).min(side - 1) {
                for x in x.saturating_sub(radius)..=(x + radius).min(side - 1) {
                    sum += u32::from(grey[y * side + x]);
                    count += 1;
                }
            }
            out.push((sum / count) as u8);
        }
    }
    out
}
