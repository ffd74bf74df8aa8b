//! The only way to wait in a test: for a condition, within a bound, and with the last status when it does not come.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::{sleep, timeout};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks until `probe` answers with `Ok`, for at most `bound`. Its `Err` says what is there instead.
///
/// # Panics
/// When the time is over, with `what` was waited for and the last status.
pub async fn eventually<T, S: Display>(bound: Duration, what: &str, mut probe: impl AsyncFnMut() -> Result<T, S>) -> T {
    let mut status = "the first look is not over".to_owned();
    let looking = async {
        loop {
            match probe().await {
                Ok(value) => return value,
                Err(seen) => status = seen.to_string(),
            }
            sleep(PAUSE).await;
        }
    };
    let answer = timeout(bound, looking).await;
    answer.unwrap_or_else(|_| panic!("not within {bound:?}: {what}\nlast seen: {status}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_looks_again_until_the_condition_holds() {
        let mut looks = 0;
        let third = eventually(Duration::from_secs(10), "the third look", async || {
            looks += 1;
            if looks == 3 { Ok(looks) } else { Err(looks) }
        });
        assert_eq!(third.await, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "not within 50ms: a miracle\nlast seen: nothing new")]
    async fn it_gives_up_with_the_last_status() {
        eventually(Duration::from_millis(50), "a miracle", async || Err::<(), _>("nothing new")).await;
    }
}
