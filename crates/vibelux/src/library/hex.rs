//! Bytes as hexadecimal digits and back.

/// Two digits a byte, in lower case.
pub(super) fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The way back; `None` if these are no pairs of digits.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? << 4 | digit(*low)?).ok();
    rest.is_empty().then(|| pairs.iter().map(byte).collect())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_back_and_other_texts_refused() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&encode(&all)), Some(all));
        assert_eq!(decode("0aFf"), Some(vec![10, 255]));
        assert_eq!(decode(""), Some(Vec::new()));
        for odd in ["0", "zz", "+1", "0 ", "é"] {
            assert_eq!(decode(odd), None, "{odd}");
        }
    }
}
