//! Reads every value in a store, and lists the encodings in which it could contain a secret.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use platform::store::Settings as StoreSettings;
use platform::text_cleaning::hexadecimal;
use postgres::NoTls;
use rusqlite::types::ValueRef;
use testkit::World;

pub(in crate::domains) struct Cell {
    /// The table and the column, as `table.column`.
    pub(in crate::domains) place: String,
    pub(super) is_bytes: bool,
    pub(in crate::domains) bytes: Vec<u8>,
}

pub(super) fn cells(world: &World) -> Vec<Cell> {
    let settings = world.settings();
    // The PostgreSQL client cannot be used inside an async runtime.
    let read = move || match &settings {
        StoreSettings::Sqlite(sqlite) => in_sqlite(&sqlite.path),
        StoreSettings::Postgres(postgres) => in_postgres(postgres.url.reveal()),
    };
    std::thread::spawn(read).join().unwrap()
}

pub(in crate::domains) fn in_sqlite(path: &std::path::Path) -> Vec<Cell> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let list = "SELECT m.name, c.name, c.type FROM sqlite_master m, pragma_table_info(m.name) c
                WHERE m.type = 'table'";
    let mut statement = connection.prepare(list).unwrap();
    let columns = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let columns: Vec<(String, String, String)> = columns.unwrap().map(Result::unwrap).collect();
    let mut cells = Vec::new();
    for (table, column, kind) in columns {
        let all = format!("SELECT \"{column}\" FROM \"{table}\"");
        let mut statement = connection.prepare(&all).unwrap();
        let mut rows = statement.query([]).unwrap();
        let place = format!("{table}.{column}");
        cells.push(Cell {
            place: place.clone(),
            is_bytes: kind == "BLOB",
            bytes: Vec::new(),
        });
        while let Some(row) = rows.next().unwrap() {
            let bytes = match row.get_ref(0).unwrap() {
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.to_vec(),
                ValueRef::Integer(number) => number.to_string().into_bytes(),
                ValueRef::Real(number) => number.to_string().into_bytes(),
                ValueRef::Null => continue,
            };
            cells.push(Cell {
                place: place.clone(),
                is_bytes: kind == "BLOB",
                bytes,
            });
        }
    }
    cells
}

pub(in crate::domains) fn in_postgres(url: &str) -> Vec<Cell> {
    let mut client = postgres::Client::connect(url, NoTls).unwrap();
    let list = "SELECT table_name::text, column_name::text, data_type::text
                FROM information_schema.columns WHERE table_schema = 'public'";
    let mut cells = Vec::new();
    for column in client.query(list, &[]).unwrap() {
        let [table, column, kind]: [String; 3] = [column.get(0), column.get(1), column.get(2)];
        let (place, is_bytes) = (format!("{table}.{column}"), kind == "bytea");
        let cast = if is_bytes { "" } else { "::text" };
        let all = format!("SELECT \"{column}\"{cast} FROM \"{table}\"");
        cells.push(Cell {
            place: place.clone(),
            is_bytes,
            bytes: Vec::new(),
        });
        for row in client.query(&all, &[]).unwrap() {
            let bytes = if is_bytes {
                row.get::<_, Option<Vec<u8>>>(0)
            } else {
                row.get::<_, Option<String>>(0).map(String::into_bytes)
            };
            cells.extend(bytes.map(|bytes| Cell {
                place: place.clone(),
                is_bytes,
                bytes,
            }));
        }
    }
    cells
}

/// Returns the encodings in which a secret could be stored.
pub(super) fn spellings(secret: &str) -> BTreeSet<Vec<u8>> {
    let mut all = vec![secret.as_bytes().to_vec()];
    all.extend(URL_SAFE_NO_PAD.decode(secret).ok());
    all.extend(STANDARD.decode(secret).ok());
    all.extend(from_base32(secret));
    all.retain(|bytes| bytes.len() >= 8);
    let mut found = BTreeSet::new();
    for bytes in all {
        let hex = hexadecimal(&bytes);
        found.insert(hex.to_uppercase().into_bytes());
        found.insert(hex.into_bytes());
        for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            found.insert(engine.encode(&bytes).into_bytes());
        }
        found.insert(bytes);
    }
    found
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut value, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in text.bytes() {
        let digit = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        value = (value << 5 | u32::from(digit)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(value >> bits & 0xff).unwrap());
        }
    }
    Some(bytes)
}

pub(super) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
