//! Numbers as the classical panels write them.

/// A number with so many significant digits at most, without zeros that say nothing.
pub(super) fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "not finite".to_owned();
    }
    if value.abs() < 5e-7 {
        return "0".to_owned();
    }
    if value.abs() >= 1000.0 && digits <= 4 {
        let sign = if value < 0.0 { "−" } else { "" };
        return format!("{sign}{}", crate::ui::loading::grouped(value.abs().round() as u64));
    }
    let leading = value.abs().log10().floor() as i32 + 1;
    let decimals = (digits as i32 - leading).clamp(0, 9) as usize;
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.replace('-', "−")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_matter() {
        let cases =
            [(4.277_03, "4.277"), (1.0, "1"), (0.05, "0.05"), (123.456, "123.5"), (0.105_829, "0.1058"), (0.0, "0")];
        for (value, text) in cases {
            assert_eq!(significant(value, 4), text);
        }
        assert_eq!(significant(-1.4983, 4), "−1.498");
        assert_eq!(significant(5659.4, 3), "5,659");
        assert_eq!(significant(-763_227.49, 4), "−763,227");
    }
}
