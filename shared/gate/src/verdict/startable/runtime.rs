//! The runtimes of Lambda, by how each finds what it starts.

/// The runtimes that find their handler in the same way. The identifiers are those of Lambda's API reference (grade B);
/// later versions are taken as they come, so that a new one needs no new release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuntimeFamily {
    /// `python3.13`
    Python,
    /// `nodejs22.x`
    Node,
    /// `ruby3.3`
    Ruby,
    /// `java21`, `java8.al2`
    Java,
    /// `dotnet8`, `dotnetcore3.1`
    Dotnet,
    /// `provided`, `provided.al2023`
    Custom,
}

/// Each word that identifiers begin with, and a runtime that Lambda has, as an example.
const FAMILIES: [(&str, RuntimeFamily, &str); 7] = [
    ("python", RuntimeFamily::Python, "python3.13"),
    ("nodejs", RuntimeFamily::Node, "nodejs22.x"),
    ("ruby", RuntimeFamily::Ruby, "ruby3.4"),
    ("java", RuntimeFamily::Java, "java21"),
    ("dotnetcore", RuntimeFamily::Dotnet, "dotnet8"),
    ("dotnet", RuntimeFamily::Dotnet, "dotnet8"),
    ("provided", RuntimeFamily::Custom, "provided.al2023"),
];

/// A word is taken for another one, misspelt, up to this many letters.
const MAX_TYPOS: usize = 2;

impl RuntimeFamily {
    /// The family of an identifier; `None` where it is not spelt as one of Lambda's.
    pub(super) fn of(runtime: &str) -> Option<Self> {
        let (word, version) = split(runtime);
        let (_, family, _) = FAMILIES.iter().find(|(known, ..)| *known == word)?;
        family.has(version).then_some(*family)
    }

    /// Whether Lambda has such a version, or may have it later: of Node.js and .NET the even ones, of Java those with long
    /// support, which comes every four versions since 17.
    fn has(self, version: &str) -> bool {
        let system = |part: &str| {
            part.strip_prefix("al")
                .is_some_and(|rest| number(rest).is_some())
        };
        if self == Self::Custom {
            return version.is_empty() || version.strip_prefix('.').is_some_and(system);
        }
        let (major, minor) = match version.split_once('.') {
            Some((major, minor)) => (number(major), Some(minor)),
            None => (number(version), None),
        };
        match (self, major, minor) {
            (Self::Python, Some(2), Some(minor)) => minor == "7",
            (Self::Python, Some(3), Some(minor)) => number(minor).is_some_and(|minor| minor >= 6),
            (Self::Node, Some(4..=8), Some(minor)) => number(minor).is_some(),
            (Self::Node, Some(major), Some(minor)) => {
                major >= 10 && major.is_multiple_of(2) && minor == "x"
            }
            (Self::Ruby, Some(2..=4), Some(minor)) => number(minor).is_some(),
            (Self::Java, Some(8), Some(minor)) => system(minor),
            (Self::Java, Some(8 | 11), None) => true,
            (Self::Java, Some(major), None) => major >= 17 && major % 4 == 1,
            (Self::Dotnet, Some(1..=3), Some(minor)) => number(minor).is_some(),
            (Self::Dotnet, Some(major), None) => major >= 6 && major.is_multiple_of(2),
            _ => false,
        }
    }
}

fn number(digits: &str) -> Option<u32> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

/// The runtime that may be meant by an identifier that is none of Lambda's.
pub(super) fn meant(runtime: &str) -> Option<String> {
    let lower = runtime.to_ascii_lowercase();
    let (word, version) = split(&lower);
    // Lambda's own runtime for Go is gone; a program of Go is started by the custom runtimes.
    if matches!(word, "go" | "golang") {
        return Some("provided.al2023".to_owned());
    }
    let known = FAMILIES.iter();
    let (typos, (name, family, example)) = known
        .map(|family| (strsim::levenshtein(word, family.0), family))
        .min_by_key(|(typos, _)| *typos)?;
    // Of a short word, that many other letters leave nothing.
    if typos > MAX_TYPOS || typos.saturating_mul(2) > word.len() {
        return None;
    }
    let mut numbers = version
        .split(|c: char| !c.is_ascii_digit())
        .filter(|number| !number.is_empty());
    let major = numbers.next().unwrap_or_default();
    let minor = numbers.next().unwrap_or_default();
    // Of `314`, the first digit is the major version.
    let (first, others) = major.split_at_checked(1).unwrap_or_default();
    let versions = [
        version.to_owned(),
        format!("{major}.{minor}"),
        format!("{major}.x"),
        format!("{first}.{others}"),
        major.to_owned(),
    ];
    let spelt = versions.iter().find(|version| family.has(version));
    Some(spelt.map_or_else(
        || (*example).to_owned(),
        |version| format!("{name}{version}"),
    ))
}

/// The word that an identifier begins with, and its version.
fn split(runtime: &str) -> (&str, &str) {
    let end = runtime.find(|c: char| !c.is_ascii_alphabetic());
    runtime.split_at(end.unwrap_or(runtime.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_of_lambda_are_known() {
        for (runtime, family) in [
            ("python3.13", RuntimeFamily::Python),
            ("python2.7", RuntimeFamily::Python),
            ("nodejs22.x", RuntimeFamily::Node),
            ("nodejs8.10", RuntimeFamily::Node),
            ("ruby3.4", RuntimeFamily::Ruby),
            ("java21", RuntimeFamily::Java),
            ("java8.al2", RuntimeFamily::Java),
            ("java25", RuntimeFamily::Java),
            ("nodejs24.x", RuntimeFamily::Node),
            ("python3.14", RuntimeFamily::Python),
            ("dotnet10", RuntimeFamily::Dotnet),
            ("dotnet8", RuntimeFamily::Dotnet),
            ("dotnetcore3.1", RuntimeFamily::Dotnet),
            ("provided", RuntimeFamily::Custom),
            ("provided.al2023", RuntimeFamily::Custom),
        ] {
            assert_eq!(RuntimeFamily::of(runtime), Some(family), "{runtime}");
        }
    }

    #[test]
    fn misspelt_runtime_is_not_known_and_what_is_meant_is_told() {
        for (runtime, expected) in [
            ("pyhton3.13", Some("python3.13")),
            ("Python3.13", Some("python3.13")),
            ("python", Some("python3.13")),
            ("python3", Some("python3.13")),
            ("python3.13 ", Some("python3.13")),
            ("nodejs22", Some("nodejs22.x")),
            ("node20.x", Some("nodejs20.x")),
            ("java21.x", Some("java21")),
            ("provided.al2023x", Some("provided.al2023")),
            ("go1.x", Some("provided.al2023")),
            ("nodejs24x", Some("nodejs24.x")),
            ("nodejs24.y", Some("nodejs24.x")),
            ("python314", Some("python3.14")),
            ("python3.14.1", Some("python3.14")),
            ("dotnet8.0", Some("dotnet8")),
            // Lambda never had these, and will not have them.
            ("python9.9", Some("python3.13")),
            ("python3.5", Some("python3.13")),
            ("nodejs99.x", Some("nodejs22.x")),
            ("nodejs23", Some("nodejs22.x")),
            ("java7", Some("java21")),
            ("java18", Some("java21")),
            ("dotnet7", Some("dotnet8")),
            ("cobol1", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(RuntimeFamily::of(runtime), None, "{runtime}");
            assert_eq!(meant(runtime).as_deref(), expected, "{runtime}");
        }
    }
}
