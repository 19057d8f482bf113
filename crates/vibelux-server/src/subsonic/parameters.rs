//! [`Parameters`]: what a player sends with a request, in its address or as a form.

use std::fmt;
use std::str::FromStr;

use super::refusal::Refusal;

/// Names and values in the order in which they came; a name may come several times.
#[derive(Default, Clone)]
pub struct Parameters(Vec<(String, String)>);

impl fmt::Debug for Parameters {
    /// Without the values: some of them let one in.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Parameters {
    /// Reads the part of an address behind the question mark, or a form.
    pub fn parse(texts: &[&str]) -> Self {
        let pairs = texts.iter().flat_map(|text| {
            let pairs = form_urlencoded::parse(text.as_bytes());
            pairs.map(|(name, value)| (name.into_owned(), value.into_owned()))
        });
        Self(pairs.collect())
    }

    /// The first value with this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values with this name.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let found = self.0.iter().filter(move |(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first value with this name, which has to be there.
    ///
    /// # Errors
    /// [`Refusal::Missing`].
    pub fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.get(name).ok_or(Refusal::Missing(name))
    }

    /// A number, or what stands for it where there is none.
    ///
    /// # Errors
    /// [`Refusal::Wrong`] if it is none.
    pub fn number<T: FromStr>(&self, name: &'static str, otherwise: T) -> Result<T, Refusal> {
        Ok(self.optional(name)?.unwrap_or(otherwise))
    }

    /// A number, if there is one.
    ///
    /// # Errors
    /// [`Refusal::Wrong`] if it is none.
    pub fn optional<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, Refusal> {
        let Some(value) = self.get(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let number = value.parse().map_err(|_| Refusal::Wrong {
            name,
            value: value.chars().take(40).collect(),
        });
        number.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_decoded_and_may_come_again() {
        let sent = Parameters::parse(&["id=a&id=b+c&q=%C3%A9&size=&n=x", "count=7"]);
        assert_eq!(sent.all("id").collect::<Vec<_>>(), ["a", "b c"]);
        assert_eq!(sent.get("q"), Some("é"));
        assert_eq!(sent.number("count", 3).unwrap(), 7);
        assert_eq!(sent.number("size", 3).unwrap(), 3);
        assert!(matches!(sent.number("n", 3), Err(Refusal::Wrong { .. })));
        assert!(matches!(sent.required("p"), Err(Refusal::Missing("p"))));
    }
}
