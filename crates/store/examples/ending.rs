//! A process that ends in order while its connections to the PostgreSQL at URL are opened, used and closed: `ending URL`. The
//! tests run it, and see how it ends.

use std::{env, error::Error, thread, time::Duration};

use diesel::{dsl::sql, prelude::*, sql_types::Text};
use store::{DatabaseSettings, Db, DbConn, StoreError};
use tokio::runtime::Runtime;

fn main() -> Result<(), Box<dyn Error>> {
    let settings = DatabaseSettings::at(env::args().nth(1).ok_or("usage: ending URL")?);
    let runtime = Runtime::new()?;
    runtime.block_on(async { Db::open(&settings)?.ping().await })?;
    for _ in 0..8 {
        let settings = settings.clone();
        runtime.spawn(async move { while ask(&settings).await.is_ok() {} });
    }
    thread::sleep(Duration::from_millis(100));
    runtime.shutdown_background();
    Ok(())
}

/// A connection for one question, whose answer is long.
async fn ask(settings: &DatabaseSettings) -> Result<String, StoreError> {
    let long = |conn: &mut DbConn| Ok(diesel::select(sql::<Text>("repeat('x', 100000)")).get_result(conn)?);
    Db::open(settings)?.read(long).await
}
