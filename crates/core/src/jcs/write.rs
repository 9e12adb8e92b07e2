//! How numbers and strings are printed: RFC 8785 3.2.2.

/// RFC 8785 3.2.2.3: as ECMAScript's `Number::toString` prints it, so that -0 is `0`. Requires `number` to be finite.
pub(super) fn write_number(number: f64, output: &mut Vec<u8>) {
    let mut buffer = ryu_js::Buffer::new();
    output.extend_from_slice(buffer.format_finite(number).as_bytes());
}

/// RFC 8785 3.2.2.2: the shortest escape where one is required, every other character as it is.
pub(super) fn write_string(text: &str, output: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    output.push(b'"');
    for (offset, &byte) in bytes.iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        output.extend_from_slice(&bytes[copied..offset]);
        copied = offset + 1;
        let short = match byte {
            b'"' | b'\\' => byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            control => {
                output.extend_from_slice(b"\\u00");
                output.push(LOWERCASE_HEX[usize::from(control >> 4)]);
                output.push(LOWERCASE_HEX[usize::from(control & 0x0f)]);
                continue;
            }
        };
        output.extend_from_slice(&[b'\\', short]);
    }
    output.extend_from_slice(&bytes[copied..]);
    output.push(b'"');
}

const LOWERCASE_HEX: &[u8; 16] = b"0123456789abcdef";
