//! Numbers and names as the panels write them.

/// Name of a latent dimension on the screen; people count from one.
pub fn dimension_name(dimension: usize) -> String {
    format!("z{}", dimension + 1)
}

/// Name of an example of the evaluation pool on the screen.
pub(in crate::ui) fn example_name(example: usize) -> String {
    format!("example {}", example + 1)
}

/// A number with about three significant digits.
pub(in crate::ui) fn number(value: f32) -> String {
    let size = value.abs();
    if !value.is_finite() {
        "not finite".to_owned()
    } else if size == 0.0 {
        "0".to_owned()
    } else if size < 0.00005 {
        signed(format!("{value:.0e}"))
    } else if size < 1000.0 {
        let decimals = if size < 0.01 { 4 } else { 3 - (size.log10().floor() as i32 + 1).clamp(0, 2) as usize };
        signed(format!("{value:.decimals$}"))
    } else {
        grouped(value)
    }
}

/// A measured number of nats: what is left of 0 by rounding reads as 0.
pub(in crate::ui) fn measured(value: f32) -> String {
    if value.abs() < 0.00005 { number(0.0) } else { number(value) }
}

/// A minus as wide as a plus, where a hyphen is easily overlooked.
fn signed(text: String) -> String {
    text.strip_prefix('-').map_or_else(|| text.clone(), |digits| format!("−{digits}"))
}

/// A round number, without the zeros that say how exact it is.
pub(in crate::ui) fn round_number(value: f32) -> String {
    let text = number(value);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A number with two significant digits, for narrow places.
pub(in crate::ui) fn short_number(value: f32) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if size < 0.001 {
        "< 0.001".to_owned()
    } else {
        let decimals = if size < 0.01 { 3 } else { 2 - usize::from(size >= 10.0) };
        signed(format!("{value:.decimals$}"))
    }
}

/// A whole number with its thousands set apart.
pub fn grouped(value: f32) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::with_capacity(digits.len() + 4);
    if value < 0.0 {
        text.push('−');
    }
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Words in a row: “a, b and c”.
pub fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Decimals that tell ticks apart which are `step` away from each other.
pub(in crate::ui) fn tick(value: f32, step: f32) -> String {
    if step >= 1.0 && value.abs() >= 1000.0 {
        return grouped(value);
    }
    let decimals = (-step.log10().floor()).clamp(0.0, 6.0) as usize;
    let value = if value.abs() < step * 1e-3 { 0.0 } else { value };
    signed(format!("{value:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_what_tells_them_apart() {
        assert_eq!(number(0.001_23), "0.0012");
        assert_eq!([0.1234, 1.234, 12.34, 123.44].map(number), ["0.123", "1.23", "12.3", "123.4"]);
        assert_eq!(number(12.345), "12.3");
        assert_eq!([-9e-8, 0.0012, f32::NAN].map(measured), ["0", "0.0012", "not finite"]);
        assert_eq!(number(-0.25), "−0.250");
        assert_eq!(number(-12_345.0), "−12,345");
        assert_eq!(tick(0.2, 0.05), "0.20");
        assert_eq!(tick(-1e-9, 0.5), "0.0");
        assert_eq!(tick(15_000.0, 5000.0), "15,000");
        assert_eq!([0.3, 2.0, 30.0].map(round_number), ["0.3", "2", "30"]);
    }

    #[test]
    fn words_are_listed() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(listed(&words("a")), "a");
        assert_eq!(listed(&words("a b c")), "a, b and c");
    }
}
