//! One Redis connection that belongs to its caller: no wrapper reconnects behind its back, because each new connection
//! is a reason to look again at what Redis holds.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, IntoConnectionInfo, RedisResult};
use secrecy::{ExposeSecret, SecretString};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Connects without Nagle's delay. An answer that takes longer than `response_timeout` is an error; the library's own
/// default of half a second would break every blocking read.
pub async fn connect(url: &SecretString, response_timeout: Duration) -> RedisResult<MultiplexedConnection> {
    let info = url.expose_secret().into_connection_info()?;
    let client = Client::open(info.set_tcp_settings(TcpSettings::default().set_nodelay(true)))?;
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(response_timeout));
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// The answer of XINFO STREAM, for which a stream that is not there is an error; any other error stays one.
pub fn unless_missing(answer: RedisResult<redis::Value>) -> RedisResult<Option<redis::Value>> {
    match answer {
        Err(error) if error.detail().is_some_and(|text| text.contains("no such key")) => Ok(None),
        answer => answer.map(Some),
    }
}
