//! Parses the weights in headers such as `Accept` (RFC 9110, section 12.4.2).

/// Returns the weight from the parameters of a list item, in thousandths. Returns 1000 if there is
/// no weight, and `None` if the weight is invalid.
pub(crate) fn quality(parameters: &[u8]) -> Option<u16> {
    let split = |text: &[u8], mark: u8| text.iter().position(|byte| *byte == mark);
    let weight = parameters
        .split(|byte| *byte == b';')
        .find_map(|parameter| {
            let (name, value) = parameter.split_at(split(parameter, b'=')?);
            let is_weight = name.trim_ascii().eq_ignore_ascii_case(b"q");
            is_weight.then(|| value[1..].trim_ascii())
        });
    let Some(weight) = weight else {
        return Some(1_000);
    };
    let (whole, part) = weight.split_at(split(weight, b'.').unwrap_or(weight.len()));
    let part = part.strip_prefix(b".").unwrap_or_default();
    if part.len() > 3 || !part.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let digits = part.iter().copied().chain(std::iter::repeat(b'0')).take(3);
    let thousandths = digits.fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        b"0" => Some(thousandths),
        b"1" if thousandths == 0 => Some(1_000),
        _ => None,
    }
}
