//! A connection to PostgreSQL and its statements.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use postgres::Error;
use postgres::types::ToSql;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_postgres::{Client, Statement};

use super::error::Failure;
use super::postgres_address::{Address, SESSION};
use super::postgres_error::{breaks, failed};
use super::value::{Cells, Five, Row, check_columns};
use super::{Counters, Counts, FromRow, Query, Rows, Sql, StoreError, Value};

/// How long a commit, and other words that take no time by themselves, may take.
const ANSWER_TIME: Duration = Duration::from_secs(10);

type Fallible<T> = Result<T, (StoreError, Failure)>;

/// One connection and its prepared statements.
pub(super) struct Connection {
    runtime: Runtime,
    client: Client,
    prepared: HashMap<&'static str, Statement>,
    /// Whether no primary server answers. Then no statement is waited for any longer.
    away: watch::Receiver<bool>,
    is_broken: bool,
    /// Statements that are sent with the next one.
    put_off: Vec<PutOff>,
    counters: Arc<Counters>,
}

enum PutOff {
    Word(&'static str),
    Statement {
        sql: Sql,
        rows: Rows,
        statement: Statement,
        values: Vec<Owned>,
    },
}

impl PutOff {
    fn text(&self) -> &'static str {
        match self {
            Self::Word(text) => text,
            Self::Statement { sql, .. } => sql.text(),
        }
    }

    fn is_checked(&self) -> bool {
        matches!(self, Self::Statement { rows, .. } if *rows != Rows::Any)
    }

    /// Returns the number of affected rows.
    async fn send(&self, client: &Client) -> Result<u64, Error> {
        match self {
            Self::Word(text) => client.batch_execute(text).await.map(|()| 0),
            Self::Statement {
                statement, values, ..
            } => {
                let values: Vec<Value<'_>> = values.iter().map(Owned::value).collect();
                client.execute(statement, &parameters(&values)).await
            }
        }
    }
}

/// A value of a statement that was put off.
enum Owned {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Owned {
    fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Integer(number) => Self::Integer(*number),
            Value::Text(text) => Self::Text((*text).to_owned()),
            Value::Written(text) => Self::Text(text.clone()),
            Value::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::Null,
            Self::Integer(number) => Value::Integer(*number),
            Self::Text(text) => Value::Text(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        }
    }
}

fn parameters<'a>(values: &'a [Value<'a>]) -> Vec<&'a (dyn ToSql + Sync)> {
    values
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

/// Sends the statements in their order, without waiting in between, and then waits for the answers.
async fn send_in_order<T>(
    client: &Client,
    before: &[PutOff],
    ask: impl AsyncFnOnce(&Client) -> Result<T, Error>,
) -> (Vec<Result<u64, Error>>, Result<T, Error>) {
    let mut earlier: Vec<_> = before
        .iter()
        .map(|one| (Box::pin(one.send(client)), None))
        .collect();
    let mut last = pin!(ask(client));
    let mut answer = None;
    // The client sends a statement when its future is polled first.
    let last = poll_fn(|context| {
        let mut is_ready = true;
        for (future, answer) in &mut earlier {
            if answer.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(ready) => *answer = Some(ready),
                    Poll::Pending => is_ready = false,
                }
            }
        }
        if answer.is_none()
            && let Poll::Ready(ready) = last.as_mut().poll(context)
        {
            answer = Some(ready);
        }
        match answer.take_if(|_| is_ready) {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        }
    });
    let last = last.await;
    let earlier = earlier.into_iter().filter_map(|(_, answer)| answer);
    (earlier.collect(), last)
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    /// Connects to the primary server. This function blocks.
    pub(super) fn open(
        address: &Address,
        away: watch::Receiver<bool>,
        counters: Arc<Counters>,
    ) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StoreError::Thread)?;
        let opened = runtime.block_on(async {
            let (client, driver) = address.open().await?;
            // Whoever waits for a statement learns of the connection's end from the client.
            tokio::spawn(async move { drop(driver.await) });
            Ok(client)
        });
        let client = match opened {
            Ok(client) => client,
            Err(error) => {
                // Dropping it would wait for a name server that does not answer.
                runtime.shutdown_background();
                return Err(error);
            }
        };
        let mut connection = Self {
            runtime,
            client,
            prepared: HashMap::new(),
            away,
            is_broken: false,
            put_off: Vec::new(),
            counters,
        };
        connection.word(&SESSION).map_err(|(error, _)| error)?;
        Ok(connection)
    }

    /// Whether the connection must not be used again.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Waits for the answer to a statement, at most for `limit`. The statements that were put off
    /// are sent before it, in the same round trip.
    fn wait<T>(
        &mut self,
        sql: &'static str,
        limit: Option<Duration>,
        ask: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, (StoreError, Failure)> {
        self.counters.add(Counts {
            round_trips: 1,
            ..Counts::default()
        });
        let before = std::mem::take(&mut self.put_off);
        let Self {
            runtime,
            client,
            away,
            is_broken,
            ..
        } = self;
        let limit = async {
            match limit {
                Some(limit) => tokio::time::sleep(limit).await,
                None => std::future::pending().await,
            }
        };
        let answers = runtime.block_on(async {
            tokio::select! {
                biased;
                answers = send_in_order(client, &before, ask) => Some(answers),
                Ok(_) = away.wait_for(|is_away| *is_away) => None,
                () = limit => None,
            }
        });
        let Some((earlier, answer)) = answers else {
            *is_broken = true;
            let reason = "PostgreSQL does not answer".to_owned();
            return Err((StoreError::Unavailable(reason), Failure::Lost));
        };
        // What follows a failed statement fails for this reason alone.
        for (statement, answer) in before.iter().zip(earlier) {
            let actual = answer.map_err(|error| {
                *is_broken |= breaks(&error);
                failed(statement.text(), &error)
            })?;
            if let PutOff::Statement { sql, rows, .. } = statement {
                rows.check(actual, *sql)?;
            }
        }
        answer.map_err(|error| {
            *is_broken |= breaks(&error);
            failed(sql, &error)
        })
    }

    /// Begins a transaction, together with its first statement.
    pub(super) fn begin(&mut self, text: &'static str) {
        self.put_off.push(PutOff::Word(text));
    }

    /// Rolls back. If nothing of the transaction was sent, nothing is.
    pub(super) fn roll_back(&mut self) -> Result<(), (StoreError, Failure)> {
        let is_begun = !matches!(self.put_off.first(), Some(PutOff::Word(_)));
        self.put_off.clear();
        if is_begun {
            self.word("ROLLBACK")
        } else {
            Ok(())
        }
    }

    /// Sends a statement with the next one, or with the commit.
    pub(super) fn run_later(
        &mut self,
        query: Query<'_>,
        rows: Rows,
    ) -> Result<(), (StoreError, Failure)> {
        let statement = self.prepare(query.sql)?;
        let values = query.values.iter().map(Owned::of).collect();
        self.put_off.push(PutOff::Statement {
            sql: query.sql,
            rows,
            statement,
            values,
        });
        Ok(())
    }

    /// Sends the statements that were put off, if one of them must affect a number of rows, because
    /// the commit depends on it.
    fn check_put_off(&mut self) -> Result<(), (StoreError, Failure)> {
        if !self.put_off.iter().any(PutOff::is_checked) {
            return Ok(());
        }
        self.wait("", None, async |_| Ok(())).inspect_err(|_| {
            // The transaction is still open, and the next one must not commit it.
            self.is_broken = true;
        })
    }

    pub(super) fn commit(&mut self) -> Result<(), (StoreError, Failure)> {
        self.check_put_off()?;
        self.word("COMMIT")
    }

    pub(super) fn word(&mut self, text: &'static str) -> Result<(), (StoreError, Failure)> {
        self.wait(text, Some(ANSWER_TIME), async |client| {
            client.batch_execute(text).await
        })
    }

    /// Commits, and notes the id of the change in the same round trip.
    pub(super) fn commit_as(&mut self, id: &str) -> Result<(), (StoreError, Failure)> {
        self.check_put_off()?;
        let text = format!("INSERT INTO done_change (id) VALUES ('{id}'); COMMIT");
        self.wait("COMMIT", Some(ANSWER_TIME), async |client| {
            client.batch_execute(&text).await
        })
        .inspect_err(|_| self.is_broken = true)
    }

    /// Makes sure that the change with this id is committed or never will be, and returns whether it
    /// is. PostgreSQL first waits until the change's transaction has ended. If that was not
    /// committed, its own note of the id will fail from now on.
    pub(super) fn settle(&mut self, id: &str) -> Result<bool, (StoreError, Failure)> {
        const SETTLE: &str = "INSERT INTO done_change (id, is_void) VALUES ($1, 1)
            ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING is_void";
        let row = self
            .wait(SETTLE, Some(ANSWER_TIME), async |client| {
                client.query_one(SETTLE, &[&id]).await
            })
            .inspect_err(|_| self.is_broken = true)?;
        Ok(row.get::<_, i64>(0) == 0)
    }

    fn prepare(&mut self, sql: Sql) -> Result<Statement, (StoreError, Failure)> {
        if let Some(statement) = self.prepared.get(sql.text()) {
            return Ok(statement.clone());
        }
        let statement = self.wait(sql.text(), None, async |client| {
            client.prepare(sql.text()).await
        })?;
        self.prepared.insert(sql.text(), statement.clone());
        Ok(statement)
    }

    pub(super) fn all<T: FromRow>(
        &mut self,
        query: Query<'_>,
    ) -> Result<Vec<T>, (StoreError, Failure)> {
        let statement = self.prepare_for::<T>(query.sql)?;
        let parameters = parameters(query.values);
        let rows = self.wait(query.sql.text(), None, async |client| {
            client.query(&statement, &parameters).await
        })?;
        read_all(&rows, query.sql)
    }

    /// Runs two queries in one round trip.
    pub(super) fn all_of_two<A: FromRow, B: FromRow>(
        &mut self,
        first: Query<'_>,
        second: Query<'_>,
    ) -> Result<(Vec<A>, Vec<B>), (StoreError, Failure)> {
        let statements = (
            self.prepare_for::<A>(first.sql)?,
            self.prepare_for::<B>(second.sql)?,
        );
        let parameters = (parameters(first.values), parameters(second.values));
        let (a, b) = self.wait(first.sql.text(), None, async |client| {
            tokio::try_join!(
                client.query(&statements.0, &parameters.0),
                client.query(&statements.1, &parameters.1)
            )
        })?;
        Ok((read_all(&a, first.sql)?, read_all(&b, second.sql)?))
    }

    /// Runs five queries in one round trip.
    pub(super) fn all_of_five<A: FromRow, B: FromRow, C: FromRow, D: FromRow, E: FromRow>(
        &mut self,
        queries: [Query<'_>; 5],
    ) -> Fallible<Five<A, B, C, D, E>> {
        let sql = queries.map(|query| query.sql);
        let statements = [
            self.prepare_for::<A>(sql[0])?,
            self.prepare_for::<B>(sql[1])?,
            self.prepare_for::<C>(sql[2])?,
            self.prepare_for::<D>(sql[3])?,
            self.prepare_for::<E>(sql[4])?,
        ];
        let values = queries.map(|query| parameters(query.values));
        let rows = self.wait(sql[0].text(), None, async |client| {
            let ask = |number: usize| client.query(&statements[number], &values[number]);
            tokio::try_join!(ask(0), ask(1), ask(2), ask(3), ask(4))
        })?;
        Ok((
            read_all(&rows.0, sql[0])?,
            read_all(&rows.1, sql[1])?,
            read_all(&rows.2, sql[2])?,
            read_all(&rows.3, sql[3])?,
            read_all(&rows.4, sql[4])?,
        ))
    }

    fn prepare_for<T: FromRow>(&mut self, sql: Sql) -> Result<Statement, (StoreError, Failure)> {
        let statement = self.prepare(sql)?;
        let names = || {
            statement
                .columns()
                .iter()
                .map(postgres::Column::name)
                .collect()
        };
        check_columns::<T>(names, sql.text()).map_err(|error| (error, Failure::Final))?;
        Ok(statement)
    }

    pub(super) fn run(&mut self, query: Query<'_>) -> Result<u64, (StoreError, Failure)> {
        let sql = query.sql;
        let statement = self.prepare(sql)?;
        let parameters = parameters(query.values);
        self.wait(sql.text(), None, async |client| {
            client.execute(&statement, &parameters).await
        })
    }
}

fn read_all<T: FromRow>(rows: &[postgres::Row], sql: Sql) -> Result<Vec<T>, (StoreError, Failure)> {
    rows.iter()
        .map(|row| {
            T::from_row(&Row {
                cells: Cells::Postgres(row),
                sql: sql.text(),
                first: 0,
            })
        })
        .collect::<Result<_, _>>()
        .map_err(|error| (error, Failure::Final))
}
