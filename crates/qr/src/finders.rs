//! The three squares in the corners of a code, looked for at every angle.

use rxing::common::BitMatrix;
use rxing::common::cpp_essentials::{
    ConcentricPattern, GetPatternRowTP, LocateConcentricPattern, Pattern, PatternRow,
};
use rxing::point;

/// Most squares that are looked at: a page full of them is no code.
const FINDERS_MAX: usize = 256;
/// Rows from one that is scanned to the next: the middle of a square has 3 modules of a pixel or more.
const ROW_STEP: u32 = 2;

/// The squares in a picture, from top to bottom; fewer if the time is up.
pub(crate) fn find(image: &BitMatrix, late: &dyn Fn() -> bool) -> Vec<ConcentricPattern> {
    let mut found: Vec<ConcentricPattern> = Vec::new();
    let mut row = PatternRow::default();
    let runs_of_square: Pattern<5> = [1, 1, 3, 1, 1];
    for y in (1..image.height()).step_by(ROW_STEP as usize) {
        if found.len() >= FINDERS_MAX || late() {
            break;
        }
        GetPatternRowTP(image, y, &mut row, false);
        // Lengths of runs: light, dark, light, and so on.
        let view = row.into_pattern_view();
        let runs = view.data();
        let mut x = 0_u32;
        for (place, window) in runs.windows(5).enumerate() {
            let begin = x;
            x += u32::from(window[0]);
            if place % 2 == 0 || !is_square(window) {
                continue;
            }
            let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|part| u32::from(window[part]));
            let middle = point((begin + a + b) as f32 + c as f32 / 2.0, y as f32 + 0.5);
            let known = |old: &ConcentricPattern| {
                let (dx, dy) = (old.p.x - middle.x, old.p.y - middle.y);
                dx.hypot(dy) < old.size as f32 / 2.0
            };
            if found.iter().any(known) {
                continue;
            }
            let range = 3 * (a + b + c + d + e) as i32;
            found.extend(LocateConcentricPattern::<true, 5, 7>(image, &runs_of_square, middle, range));
        }
    }
    found
}

/// Whether five runs are about 1:1:3:1:1. Distances between like edges are compared, which ink that runs or a lens that
/// blooms does not change.
fn is_square(runs: &[u16]) -> bool {
    let &[a, b, c, d, e] = runs else { return false };
    let [a, b, c, d, e] = [a, b, c, d, e].map(f32::from);
    let module = (a + b + c + d + e) / 7.0;
    let near = |sum: f32, modules: f32| (sum - modules * module).abs() <= 0.75 * module + 1.0;
    c >= 3.0
        && c * 2.0 >= 3.0 * a.max(e)
        && c >= b.max(d)
        && near(a + b, 2.0)
        && near(b + c, 4.0)
        && near(c + d, 4.0)
        && near(d + e, 2.0)
}
