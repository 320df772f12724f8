//! Versions that are moments, for tools that compare them as texts.

/// The digits of a version as a whole moment. A tool that compares versions as texts runs `20240102` after every moment of
/// the day before; as a number it would come before all of them, so that it is written as its first second.
pub(super) fn whole_moment(digits: &str) -> String {
    if (8..14).contains(&digits.len()) && digits.starts_with(['1', '2']) {
        format!("{digits:0<14}")
    } else {
        digits.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::whole_moment;

    #[test]
    fn a_day_is_its_first_second_and_a_number_stays_one() {
        assert_eq!(whole_moment("20240102"), "20240102000000");
        assert_eq!(whole_moment("202401021530"), "20240102153000");
        for version in ["1", "0007", "20240102153000", "00000000"] {
            assert_eq!(whole_moment(version), version);
        }
    }
}
