//! TimescaleDB: one server for all tests of the process, removed by its last user, and a fresh database for each test.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio_postgres::{Client, NoTls};

use crate::container::Container;
use crate::eventually::eventually;
use crate::place::free_address;

const IMAGE: &str = "timescale/timescaledb:2.19.3-pg17";
/// Of every login here: nothing outside this host reaches the server.
const PASSWORD: &str = "feed";
const SUPERUSER: &str = "feed";

pub struct Database {
    server: Arc<Server>,
    name: String,
    /// Who the archiver logs in as.
    user: String,
}

impl Database {
    /// On the shared server, with a login that may create TimescaleDB.
    pub async fn new() -> Database {
        Database::of_superuser(Server::shared().await).await
    }

    /// Likewise, on a server that may be killed.
    pub async fn on_its_own_server() -> Database {
        Database::of_superuser(Arc::new(Server::start().await)).await
    }

    /// On the shared server, with a login that may not create TimescaleDB.
    pub async fn plain() -> Database {
        let server = Server::shared().await;
        let name = server.create().await;
        let user = format!("{name}_archiver");
        let database = Database { server, name, user };
        let admin = database.server.connect(SUPERUSER, &database.name).await.expect("the superuser may log in");
        let role = format!(
            "CREATE ROLE {user} LOGIN PASSWORD '{PASSWORD}'; GRANT ALL ON SCHEMA public TO {user}",
            user = database.user
        );
        admin.batch_execute(&role).await.expect("a new role can be made");
        database
    }

    async fn of_superuser(server: Arc<Server>) -> Database {
        let name = server.create().await;
        Database { server, name, user: SUPERUSER.to_owned() }
    }

    pub fn url(&self) -> String {
        format!("postgres://{}:{PASSWORD}@{}/{}", self.user, self.server.address, self.name)
    }

    /// A connection of its own; it ends with the client.
    pub async fn client(&self) -> Result<Client, tokio_postgres::Error> {
        self.server.connect(&self.user, &self.name).await
    }

    /// Kills the server and starts it again: it recovers from its log. Only for a database on its own server.
    pub async fn kill9(&self) {
        assert_eq!(Arc::strong_count(&self.server), 1, "other tests use this server");
        self.server.container.kill9();
        self.server.container.start();
        self.server.answers().await;
    }
}

struct Server {
    container: Container,
    address: std::net::SocketAddr,
}

impl Server {
    async fn shared() -> Arc<Server> {
        static SHARED: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(server) = shared.upgrade() {
            return server;
        }
        let server = Arc::new(Server::start().await);
        *shared = Arc::downgrade(&server);
        server
    }

    async fn start() -> Server {
        let address = free_address();
        let publish = format!("{address}:5432");
        let (user, password) = (format!("POSTGRES_USER={SUPERUSER}"), format!("POSTGRES_PASSWORD={PASSWORD}"));
        let options = ["--publish", &publish, "--env", &user, "--env", &password, "--shm-size", "256m"];
        // What a power cut would cost is of no interest here; a killed server loses nothing either way.
        let container = Container::run(IMAGE, &options, &["-c", "fsync=off"]);
        let server = Server { container, address };
        server.answers().await;
        server
    }

    async fn answers(&self) {
        eventually(Duration::from_secs(60), "the database answers", async || {
            self.connect(SUPERUSER, "postgres").await.map(drop)
        })
        .await;
    }

    /// A new, empty database. `template1` would bring TimescaleDB, but its background workers are often connected there,
    /// and then it cannot be copied.
    async fn create(&self) -> String {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", CREATED.fetch_add(1, Ordering::Relaxed));
        let admin = self.connect(SUPERUSER, "postgres").await.expect("the superuser may log in");
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        admin.batch_execute(&create).await.expect("a new database can be made");
        name
    }

    async fn connect(&self, user: &str, database: &str) -> Result<Client, tokio_postgres::Error> {
        let url = format!("postgres://{user}:{PASSWORD}@{}/{database}?connect_timeout=5", self.address);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
        // Its error is the client's at the next query.
        tokio::spawn(connection);
        Ok(client)
    }
}
