//! Times in ASN.1: the forms that Signer writes, and their nearest kin.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

use super::reader::{Element, GENERALIZED_TIME, Malformed, UTC_TIME};

/// The time that stands for no end, as certificates write it, and with the decimals of the signed
/// attributes.
const NO_END: [&[u8]; 3] = [
    b"99991231235959Z",
    b"99991231235959.000Z",
    b"99991231235959.999Z",
];

impl Element<'_> {
    /// The contents as a time, which must end in `Z` and name its seconds: `UTCTime` (years 1950 to
    /// 2049), or `GeneralizedTime` with up to three decimals of a second.
    ///
    /// Signer's certificates have `UTCTime`, and `GeneralizedTime` without decimals after 2049; its
    /// attributes have three decimals (grade A). That it may write one form in the place of another
    /// is inferred (grade D).
    ///
    /// The last second of the year 9999 means that there is no end (RFC 5280 §4.1.2.5). It is a day
    /// and two hours later than the last that a [`Timestamp`] can hold, and taken as that.
    pub(crate) fn time(&self) -> Result<Timestamp, Malformed> {
        if self.tag == GENERALIZED_TIME && NO_END.contains(&self.contents) {
            return Ok(Timestamp::MAX);
        }
        let time = self
            .parse_time()
            .ok_or(self.malformed("it is not a time in UTC to the second"))?;
        TimeZone::UTC
            .to_timestamp(time)
            .map_err(|_| self.malformed("it is later than 9999-12-30T22:00:00Z"))
    }

    fn parse_time(&self) -> Option<DateTime> {
        let digits = self.contents.strip_suffix(b"Z")?;
        let (century, digits) = match self.tag {
            UTC_TIME if digits.len() == 12 => {
                (if digits.first()? >= &b'5' { 19 } else { 20 }, digits)
            }
            GENERALIZED_TIME => {
                let (century, digits) = digits.split_at_checked(2)?;
                (number(century)?, digits)
            }
            _ => return None,
        };
        let (whole, fraction) = digits.split_at_checked(12)?;
        let mut pairs = whole
            .chunks(2)
            .map(|pair| number(pair).and_then(|n| i8::try_from(n).ok()));
        let mut next = || pairs.next()?;
        let year = century.checked_mul(100)?.checked_add(next()?.into())?;
        let (month, day) = (next()?, next()?);
        let (hour, minute, second) = (next()?, next()?, next()?);
        let nanosecond = match (fraction, self.tag) {
            ([], _) => 0,
            ([b'.', decimals @ ..], GENERALIZED_TIME) => {
                let missing = 3_u32.checked_sub(u32::try_from(decimals.len()).ok()?)?;
                let scale = 10_i32.checked_pow(missing)?.checked_mul(1_000_000)?;
                i32::from(number(decimals)?).checked_mul(scale)?
            }
            _ => return None,
        };
        DateTime::new(year, month, day, hour, minute, second, nanosecond).ok()
    }
}

/// One to three decimal digits.
fn number(digits: &[u8]) -> Option<i16> {
    if !matches!(digits.len(), 1..=3) {
        return None;
    }
    digits.iter().try_fold(0_i16, |value, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(digit.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::Reader;

    fn read(tag: u8, text: &str) -> Result<Timestamp, &'static str> {
        let whole = [&[tag, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let time = Reader::new(&whole).read(tag, "time").unwrap().time();
        time.map_err(|malformed| malformed.fault)
    }

    fn time(tag: u8, text: &str) -> Option<String> {
        read(tag, text).ok().map(|time| time.to_string())
    }

    #[test]
    fn times_are_read_in_one_form_only() {
        let utc = |text| time(UTC_TIME, text);
        assert_eq!(utc("230919142942Z").unwrap(), "2023-09-19T14:29:42Z");
        assert_eq!(utc("500101000000Z").unwrap(), "1950-01-01T00:00:00Z");
        assert_eq!(utc("2309191429Z"), None);
        assert_eq!(utc("230919142942+0000"), None);
        assert_eq!(utc("230919142942.1Z"), None);
        let general = |text| time(GENERALIZED_TIME, text);
        assert_eq!(
            general("20330511174524.338Z").unwrap(),
            "2033-05-11T17:45:24.338Z"
        );
        assert_eq!(
            general("20330511174524.3Z").unwrap(),
            "2033-05-11T17:45:24.3Z"
        );
        assert_eq!(general("20330511174524Z").unwrap(), "2033-05-11T17:45:24Z");
        for text in [
            "",
            "Z",
            "20330511174524",
            "20330511174524.Z",
            "20330511174524.3380Z",
            "20331311174524Z",
            "20330511174560Z",
            "20330511246000Z",
            "2033051117452 Z",
            "20330230000000Z",
            "20330511174524,338Z",
            "20330511174524.338+01",
        ] {
            assert_eq!(general(text), None, "{text}");
        }
    }

    #[test]
    fn last_second_of_9999_means_no_end() {
        let general = |text| read(GENERALIZED_TIME, text);
        for no_end in [
            "99991231235959Z",
            "99991231235959.000Z",
            "99991231235959.999Z",
        ] {
            assert_eq!(general(no_end), Ok(Timestamp::MAX), "{no_end}");
        }
        assert_eq!(
            general("99991230220000Z").map(|time| time.to_string()),
            Ok("9999-12-30T22:00:00Z".to_owned())
        );
        for late in [
            "99991230220001Z",
            "99991231235958Z",
            "99991231235959.5Z",
            "99991231000000.000Z",
        ] {
            let fault = "it is later than 9999-12-30T22:00:00Z";
            assert_eq!(general(late), Err(fault), "{late}");
        }
        let no_time = "it is not a time in UTC to the second";
        assert_eq!(general("99991232235959Z"), Err(no_time));
        assert_eq!(
            time(UTC_TIME, "991231235959Z").as_deref(),
            Some("1999-12-31T23:59:59Z")
        );
    }
}
