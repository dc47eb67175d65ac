//! A server that returns a countdown as JSON, built from widely used parts: Actix, sqlx and
//! `PostgreSQL`. `cargo xtask bench countdown` starts the server as `countdown-actix ADDRESS STORE`
//! and compares its cost per request with Kenduri's.

use std::env;

use actix_web::{App, HttpResponse, HttpServer, get, web};
use serde::Serialize;
use sqlx::postgres::PgPoolOptions;
use sqlx::{FromRow, PgPool};

/// The tables and their contents: a hundred people with ten timers each.
const TABLES: &str = "
    CREATE TABLE person (id BIGINT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL);
    CREATE TABLE timer (
        id BIGINT PRIMARY KEY,
        person_id BIGINT NOT NULL REFERENCES person (id),
        title TEXT NOT NULL,
        reset_at BIGINT NOT NULL,
        note TEXT NOT NULL
    );
    CREATE INDEX timer_of_person ON timer (person_id, reset_at);
    INSERT INTO person SELECT n, 'member-' || n, 'Member ' || n FROM generate_series(1, 100) n;
    INSERT INTO timer SELECT n, 1 + n % 100, 'Days without incident', 1700000000 + n, 'Nothing'
        FROM generate_series(1, 1000) n;
    ANALYZE;";

#[derive(FromRow, Serialize)]
struct Timer {
    slug: String,
    name: String,
    id: i64,
    title: String,
    reset_at: i64,
    note: String,
}

#[get("/{slug}/incident-timer")]
async fn show(slug: web::Path<String>, pool: web::Data<PgPool>) -> HttpResponse {
    let newest = sqlx::query_as::<_, Timer>(
        "SELECT p.slug, p.name, t.id, t.title, t.reset_at, t.note
         FROM person p JOIN timer t ON t.person_id = p.id
         WHERE p.slug = $1 ORDER BY t.reset_at DESC LIMIT 1",
    )
    .bind(slug.as_str())
    .fetch_optional(pool.get_ref());
    match newest.await {
        Ok(Some(timer)) => HttpResponse::Ok().json(timer),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().ok_or("no address")?;
    let store = arguments.next().ok_or("no store")?;
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .connect(&store)
        .await?;
    sqlx::raw_sql(TABLES).execute(&pool).await?;
    let pool = web::Data::new(pool);
    HttpServer::new(move || App::new().app_data(pool.clone()).service(show))
        .bind(address)?
        .run()
        .await?;
    Ok(())
}
