//! The text format of Prometheus, read strictly: whatever is not as the format has it fails the test.
//! Knows no metric by name.

use std::collections::BTreeMap;

/// One answer of `/metrics`.
#[derive(Debug, Default)]
pub struct Exposition {
    /// Each family's type, by its name.
    pub types: BTreeMap<String, String>,
    /// Each family's sentence, by its name.
    pub helps: BTreeMap<String, String>,
    /// Every line that has a value.
    pub samples: Vec<Sample>,
}

/// One line that has a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// With the ending that the lines of a histogram have.
    pub name: String,
    /// In the order of their names.
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

impl Exposition {
    #[track_caller]
    pub fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line has an end");
        let mut read = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect("a name and a sentence");
                let earlier = read.helps.insert(name.to_owned(), help.to_owned());
                assert_eq!(earlier, None, "{name} is described once");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a name and a type");
                let earlier = read.types.insert(name.to_owned(), kind.to_owned());
                assert_eq!(earlier, None, "{name} has one type");
            } else {
                let sample = Sample::parse(line);
                let family = read.family(&sample.name);
                assert!(family.is_some(), "the type comes before the values: {line}");
                let twin = |other: &&Sample| {
                    (&other.name, &other.labels) == (&sample.name, &sample.labels)
                };
                assert_eq!(read.samples.iter().find(twin), None, "one line for each series");
                read.samples.push(sample);
            }
        }
        read
    }

    /// The family that a line of this name belongs to.
    pub fn family(&self, name: &str) -> Option<&str> {
        let of_histogram = ["_bucket", "_sum", "_count"].into_iter().find_map(|ending| {
            let (family, kind) = self.types.get_key_value(name.strip_suffix(ending)?)?;
            (kind == "histogram").then_some(family.as_str())
        });
        of_histogram.or_else(|| self.types.get_key_value(name).map(|(name, _)| name.as_str()))
    }

    /// The value of the one line with this name and exactly these labels.
    #[track_caller]
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels: BTreeMap<_, _> =
            labels.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        let found = self.samples.iter().find(|s| s.name == name && s.labels == labels);
        found.unwrap_or_else(|| panic!("no {name} {labels:?} in {:#?}", self.samples)).value
    }

    /// All lines of this name added up.
    pub fn sum(&self, name: &str) -> f64 {
        self.samples.iter().filter(|sample| sample.name == name).map(|sample| sample.value).sum()
    }
}

impl Sample {
    #[track_caller]
    fn parse(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').expect("a series and its value");
        let value = value.parse().unwrap_or_else(|_| panic!("{line} has a number"));
        let (name, labels) = match series.split_once('{') {
            None => (series, ""),
            Some((name, labels)) => (name, labels.strip_suffix('}').expect("a closing brace")),
        };
        assert!(is_name(name), "{line}");
        // None of ours has a comma or a quote in it; one that had would be no word.
        let labels = labels.split(',').filter(|label| !label.is_empty()).map(|label| {
            let (name, value) = label.split_once('=').expect("a name and a value");
            let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            assert!(is_name(name), "{line}");
            (name.to_owned(), value.expect("a value in quotes").to_owned())
        });
        Self { name: name.to_owned(), labels: labels.collect(), value }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}
