//! Heights in arguments, by number or by a duration from now.

use std::str::FromStr;
use std::time::Duration;

use sanad_core::ids::Height;

use crate::time;

/// A height, or how long from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// A height.
    At(Height),
    /// A time from the node's last block on; how many blocks that is follows from how fast they came of late.
    After(Duration),
}

impl When {
    /// The height, of a chain whose head is at `head` and whose blocks take `interval_ms`.
    pub(crate) fn height(self, head: Height, interval_ms: u64) -> Height {
        match self {
            Self::At(height) => height,
            Self::After(duration) => {
                let blocks = duration.as_millis().div_ceil(u128::from(interval_ms.max(1)));
                Height(head.0.saturating_add(u64::try_from(blocks).unwrap_or(u64::MAX)))
            }
        }
    }
}

impl FromStr for When {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty() {
            let height = text.parse().map_err(|_| format!("{text} is not a height"))?;
            return Ok(Self::At(height));
        }
        let duration = time::parse_duration(text);
        duration.map(Self::After).map_err(|why| format!("{why}, or a height in digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_and_durations() {
        assert_eq!("1200".parse(), Ok(When::At(Height(1200))));
        let week: When = "7d".parse().unwrap();
        assert_eq!(week.height(Height(100), 10_000), Height(100 + 60_480));
        assert_eq!(When::After(Duration::from_millis(1)).height(Height(5), 1000), Height(6));
        assert_eq!(week.height(Height(u64::MAX), 0), Height(u64::MAX));
        for bad in ["", "soon", "-3", "99999999999999999999"] {
            assert!(bad.parse::<When>().is_err(), "{bad}");
        }
    }
}
