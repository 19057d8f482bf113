//! [`MqttSettings`]: all that a link is made of, checked.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use super::address::MqttAddress;
use super::discovery::HomeAssistant;
use super::error::MqttError;
use super::stream::trust;
use super::topics::{Topics, check_prefix};

/// A mood is said at most this often if nothing else is set.
const INTERVAL: Duration = Duration::from_secs(1);

/// The longest time that may be set for that.
const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Where the broker is, how topics are called, and what is told.
#[derive(Debug, Clone)]
pub struct MqttSettings {
    pub(super) address: MqttAddress,
    pub(super) topics: Topics,
    pub(super) retains: bool,
    pub(super) interval: Duration,
    pub(super) home_assistant: Option<HomeAssistant>,
    pub(super) tls: Option<Arc<ClientConfig>>,
}

impl MqttSettings {
    /// Topics begin with a prefix, such as `vibelux` or `home/vibelux`; two programs at one broker have two prefixes.
    ///
    /// # Errors
    /// [`MqttError::Prefix`], or [`MqttError::Address`] if there is a password without a user or one that is too long.
    pub fn new(address: MqttAddress, prefix: &str) -> Result<Self, MqttError> {
        address.check()?;
        let topics = Topics::new(prefix).map_err(|fault| MqttError::Prefix {
            prefix: prefix.to_owned(),
            fault,
        })?;
        let tls = address.is_tls().then(|| trust(None)).transpose()?;
        Ok(Self {
            address,
            topics,
            retains: false,
            interval: INTERVAL,
            home_assistant: None,
            tls,
        })
    }

    /// Whether the broker keeps the latest mood and song for who comes later. Not if nothing is said: a mood is private and passes.
    #[must_use]
    pub fn with_retained(mut self, retains: bool) -> Self {
        self.retains = retains;
        self
    }

    /// A mood is said at most once in this time, the latest one; once a second if nothing is said, once a day at the least.
    #[must_use]
    pub fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval.min(LONGEST_INTERVAL);
        self
    }

    /// Home Assistant is told that there are a mood and a player, or told to forget them.
    ///
    /// # Errors
    /// [`MqttError::Prefix`], or [`MqttError::MoodName`].
    pub fn with_home_assistant(mut self, home: HomeAssistant) -> Result<Self, MqttError> {
        check_prefix(&home.prefix).map_err(|fault| MqttError::Prefix {
            prefix: home.prefix.clone(),
            fault,
        })?;
        if let Some(name) = home.moods.iter().find(|name| !HomeAssistant::is_name(name)) {
            let name = name.clone();
            return Err(MqttError::MoodName { name });
        }
        self.home_assistant = Some(home);
        Ok(self)
    }

    /// Over TLS the broker must show a certificate by one of these authorities (PEM), and no other: that of a broker at home is seldom by a public
    /// one. Without them the public authorities are trusted. An address without TLS has no use for it.
    ///
    /// # Errors
    /// [`MqttError::Authority`] if there is no certificate in it.
    pub fn with_authority(mut self, pem: &[u8]) -> Result<Self, MqttError> {
        let tls = trust(Some(pem))?;
        self.tls = self.address.is_tls().then_some(tls);
        Ok(self)
    }

    /// Where the broker is.
    #[must_use]
    pub fn address(&self) -> &MqttAddress {
        &self.address
    }
}
