//! [`Topics`]: what the topics are called, all below one prefix.

/// The longest prefix, in bytes.
const MOST_BYTES: usize = 128;

/// The names of all topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Topics {
    prefix: String,
    pub(super) availability: String,
    pub(super) mood: String,
    pub(super) song: String,
    pub(super) command: String,
    pub(super) answer: String,
}

/// What is wrong with the prefix of topics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopicFault {
    /// Nothing.
    #[error("it is empty")]
    Empty,
    /// A slash at an end, or two in a row.
    #[error("it begins or ends with a slash, or has two in a row")]
    Slash,
    /// Signs that mean many topics.
    #[error("it has a + or # in it, which stand for many topics")]
    Wildcard,
    /// What belongs to the broker.
    #[error("it begins with $, as the broker's own topics do")]
    Dollar,
    /// Signs that nobody sees.
    #[error("it has a control character in it")]
    Control,
    /// Too much.
    #[error("it is longer than 128 bytes")]
    TooLong,
}

impl Topics {
    pub(super) fn new(prefix: &str) -> Result<Self, TopicFault> {
        check_prefix(prefix)?;
        let below = |name: &str| format!("{prefix}/{name}");
        Ok(Self {
            prefix: prefix.to_owned(),
            availability: below("availability"),
            mood: below("mood"),
            song: below("song"),
            command: below("command"),
            answer: below("answer"),
        })
    }

    /// The prefix as a name of letters, digits, `_` and `-`, another one for each prefix.
    pub(super) fn slug(&self) -> String {
        let is_plain = |sign: char| sign.is_ascii_alphanumeric() || sign == '_' || sign == '-';
        let plain = self.prefix.chars();
        let plain: String = plain.map(|c| if is_plain(c) { c } else { '_' }).collect();
        if plain == self.prefix {
            return plain;
        }
        // FNV-1a: short, and the same in each version of this program.
        let hash = self.prefix.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        });
        format!("{plain}_{hash:08x}")
    }
}

/// Whether topics may begin so.
pub(super) fn check_prefix(prefix: &str) -> Result<(), TopicFault> {
    if prefix.is_empty() {
        return Err(TopicFault::Empty);
    }
    if prefix.len() > MOST_BYTES {
        return Err(TopicFault::TooLong);
    }
    if prefix.contains(['+', '#']) {
        return Err(TopicFault::Wildcard);
    }
    if prefix.chars().any(char::is_control) {
        return Err(TopicFault::Control);
    }
    if prefix.starts_with('$') {
        return Err(TopicFault::Dollar);
    }
    if prefix.split('/').any(str::is_empty) {
        return Err(TopicFault::Slash);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_one_place() {
        for (prefix, fault) in [
            ("", TopicFault::Empty),
            ("/vibelux", TopicFault::Slash),
            ("vibelux/", TopicFault::Slash),
            ("home//vibelux", TopicFault::Slash),
            ("home/+", TopicFault::Wildcard),
            ("home/#", TopicFault::Wildcard),
            ("$SYS/vibelux", TopicFault::Dollar),
            ("vibe\0lux", TopicFault::Control),
            (&"x".repeat(129), TopicFault::TooLong),
        ] {
            assert_eq!(Topics::new(prefix), Err(fault), "{prefix}");
        }
        let topics = Topics::new("home/küche").unwrap();
        assert_eq!(topics.command, "home/küche/command");
    }

    #[test]
    fn slugs_tell_prefixes_apart() {
        let slug = |prefix: &str| Topics::new(prefix).unwrap().slug();
        assert_eq!(slug("vibelux"), "vibelux");
        let slugs = ["a/b", "a_b", "a b", "küche", "köche"].map(slug);
        let distinct: std::collections::HashSet<&String> = slugs.iter().collect();
        assert_eq!(distinct.len(), slugs.len(), "{slugs:?}");
    }
}
