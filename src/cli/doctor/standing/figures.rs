//! The text of `/metrics`, as far as the doctor reads it: names, labels and values.
//! Understands no histogram, and takes whatever it does not know for not there.

/// Every line that has a value: the name with its labels, as it stands there, and the value.
#[derive(Debug, Default)]
pub(super) struct Figures(Vec<(String, f64)>);

impl Figures {
    /// Reads the text format of Prometheus.
    pub(super) fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let figure = |line: &str| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.to_owned(), value.parse().ok()?))
        };
        Self(lines.filter_map(figure).collect())
    }

    /// The value of a series without labels. One that is not known is none.
    pub(super) fn value(&self, name: &str) -> Option<f64> {
        let found = self.0.iter().find(|(series, _)| series == name).map(|(_, value)| *value);
        found.filter(|value| !value.is_nan())
    }

    /// The values of a name by one of its labels, where they are more than nought.
    pub(super) fn by<'a>(&'a self, name: &str, label: &str) -> Vec<(&'a str, f64)> {
        let start = format!("{label}=\"");
        let found = self.0.iter().filter_map(|(series, value)| {
            let labels = series.strip_prefix(name)?.strip_prefix('{')?.strip_suffix('}')?;
            let word = labels.split(',').find_map(|pair| pair.strip_prefix(&*start))?;
            Some((word.strip_suffix('"')?, *value)).filter(|(_, value)| *value > 0.0)
        });
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_name_and_by_label() {
        let text = "# HELP a Some.\n# TYPE a counter\na{code=\"x\",b=\"1\"} 3\na{code=\"y\"} 0\n\
                    aa{code=\"z\"} 9\nc 1.5\nd NaN\nnonsense\n";
        let figures = Figures::read(text);
        assert_eq!(figures.by("a", "code"), [("x", 3.0)]);
        let values = ["c", "d", "e"].map(|name| figures.value(name));
        assert_eq!(values, [Some(1.5), None, None]);
    }
}
