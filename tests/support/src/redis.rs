//! A Redis server of one test, configured like that of docker-compose.yml: append-only, never evicting.

use std::net::SocketAddr;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisResult};

use crate::container::Container;
use crate::eventually::eventually;
use crate::place::free_address;

const IMAGE: &str = "redis:8.0.2";
const CONFIGURATION: &[&str] = &[
    "redis-server",
    "--appendonly",
    "yes",
    "--save",
    "",
    "--maxmemory-policy",
    "noeviction",
    "--protected-mode",
    "no",
];

pub struct Redis {
    container: Container,
    address: SocketAddr,
    url: String,
}

impl Redis {
    pub async fn start() -> Redis {
        let address = free_address();
        let container = Container::run(IMAGE, &["--publish", &format!("{address}:6379")], CONFIGURATION);
        let redis = Redis { container, address, url: format!("redis://{address}") };
        redis.answers().await;
        redis
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let client = Client::open(self.url())?;
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(10)));
        client.get_multiplexed_async_connection_with_config(&config).await
    }

    /// Kills the server and starts it again from its log on the disk.
    pub async fn kill9(&self) {
        self.container.kill9();
        self.container.start();
        self.answers().await;
    }

    async fn answers(&self) {
        eventually(Duration::from_secs(30), "redis answers", async || {
            let mut redis = self.connection().await?;
            redis::cmd("PING").exec_async(&mut redis).await
        })
        .await;
    }
}
