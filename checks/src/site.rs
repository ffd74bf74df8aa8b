//! Where we look: read-only handles on the engine, Redis and the database, and questions to the health endpoints.
//!
//! A site connects when it is asked and is good for one run of the checklist: what several checks need (the
//! containers, the Redis connection) is fetched once and shared. It holds no client that could change anything.

pub mod docker;
pub(crate) mod http;
pub(crate) mod postgres;
pub(crate) mod redis;

mod access;
mod error;
mod place;

use std::time::Duration;

pub use access::{Access, Credential, DatabaseAccess, DockerAccess, RedisAccess};
pub(crate) use error::not_configured;
pub use error::{Cause, Origin, ProbeError, Silence};

/// How long a server may take to accept a connection, and how long to answer one question.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_millis(2500);

pub struct Site {
    docker: Option<docker::Docker>,
    redis: Option<redis::Redis>,
    database: Option<postgres::Postgres>,
}

impl Site {
    pub fn new(access: Access) -> Self {
        let docker = docker::Docker::new(access.docker, access.project);
        Site {
            docker,
            redis: access.redis.map(redis::Redis::new),
            database: access.database.map(postgres::Postgres::new),
        }
    }

    /// The containers of the project.
    pub(crate) async fn engine(&self) -> Result<&docker::Engine, ProbeError> {
        self.docker.as_ref().ok_or_else(|| not_configured("docker"))?.engine().await
    }

    pub(crate) async fn redis(&self) -> Result<redis::Connection, ProbeError> {
        let redis = self.redis.as_ref().ok_or_else(|| not_configured("redis"))?;
        redis.connect(self.docker.as_ref()).await
    }

    /// The one row of a query to the database. `key` is the place in feedctl.yml that named what is asked for.
    pub(crate) async fn row<Row>(&self, query: postgres::Query<'_, Row>, key: &str) -> Result<Row, ProbeError>
    where
        Row: for<'r> sqlx::FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin,
    {
        let database = self.database.as_ref().ok_or_else(|| not_configured("database"))?;
        database.connect(self.docker.as_ref()).await?.one(query, key).await
    }
}
