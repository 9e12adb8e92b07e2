//! Bytes as decimal digits: a QR code holds three digits in ten bits, so 12 bytes take 96.7 bits instead of 96.

/// Bytes that are written together.
const GROUP_BYTES: usize = 12;
/// Digits of a group by its number of bytes: the fewest that hold every value.
const GROUP_DIGITS: [usize; GROUP_BYTES + 1] = [0, 3, 5, 8, 10, 13, 15, 17, 20, 22, 25, 27, 29];

/// Why digits are not those of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigitsError {
    /// No bytes have so many digits.
    #[error("the digits of the receipt are incomplete: bytes never have {count} digits")]
    Length {
        /// How many there are.
        count: usize,
    },
    /// A character other than a digit, or a group whose number is too large.
    #[error("the digits of the receipt are not those of bytes, from digit {place} on")]
    Group {
        /// Where the group begins, counted from 1.
        place: usize,
    },
}

/// The digits of bytes.
#[must_use]
pub fn to_digits(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len().div_ceil(GROUP_BYTES) * GROUP_DIGITS[GROUP_BYTES]);
    for group in bytes.chunks(GROUP_BYTES) {
        let number = group.iter().fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
        digits.push_str(&format!("{number:0width$}", width = GROUP_DIGITS[group.len()]));
    }
    digits
}

/// The bytes of digits.
///
/// # Errors
/// [`DigitsError`].
pub fn from_digits(digits: &str) -> Result<Vec<u8>, DigitsError> {
    let rest = digits.len() % GROUP_DIGITS[GROUP_BYTES];
    if !GROUP_DIGITS.contains(&rest) {
        return Err(DigitsError::Length { count: digits.len() });
    }
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for (index, group) in digits.as_bytes().chunks(GROUP_DIGITS[GROUP_BYTES]).enumerate() {
        let refused = DigitsError::Group { place: index * GROUP_DIGITS[GROUP_BYTES] + 1 };
        let length = GROUP_DIGITS.iter().position(|digits| *digits == group.len()).ok_or(refused)?;
        let mut number = 0_u128;
        for digit in group {
            if !digit.is_ascii_digit() {
                return Err(refused);
            }
            // 29 digits are less than 2^97.
            number = number * 10 + u128::from(digit - b'0');
        }
        if number >> (8 * length) != 0 {
            return Err(refused);
        }
        bytes.extend_from_slice(&number.to_be_bytes()[16 - length..]);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_comes_back() {
        for length in 0..=40 {
            for fill in [0, 1, 0x80, 255] {
                let bytes = vec![fill; length];
                assert_eq!(from_digits(&to_digits(&bytes)).as_ref(), Ok(&bytes));
            }
        }
        assert_eq!(to_digits(&[255]), "255");
        assert_eq!(to_digits(&[0, 7]), "00007");
        assert_eq!(to_digits(&[255; 12]), "79228162514264337593543950335");
    }

    #[test]
    fn what_no_bytes_give_is_refused() {
        assert_eq!(from_digits("1"), Err(DigitsError::Length { count: 1 }));
        assert_eq!(from_digits(&"0".repeat(30)), Err(DigitsError::Length { count: 30 }));
        assert_eq!(from_digits("256"), Err(DigitsError::Group { place: 1 }));
        assert_eq!(from_digits("2x5"), Err(DigitsError::Group { place: 1 }));
        let group = "79228162514264337593543950336";
        assert_eq!(from_digits(group), Err(DigitsError::Group { place: 1 }));
        assert_eq!(
            from_digits(&format!("{}999", to_digits(&[1; 12]))),
            Err(DigitsError::Group { place: 30 })
        );
        assert_eq!(from_digits("٣٣"), Err(DigitsError::Length { count: 4 }));
    }
}
