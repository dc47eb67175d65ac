//! Directives that the import ignores, because Kenduri does not need them or replaces them.

use super::directive::Directive;

const BY_ITSELF: &str = "Kenduri does this by itself";
const CLIENTS: &str = "limits on clients' times and sizes are in [listen]: idle_time, \
                       header_time, body_time, header_size";
const TLS: &str = "TLS is fixed: 1.2 and 1.3, modern cipher suites, rotating tickets";
const COMPRESSED: &str = "text is compressed (br, gzip), and files with .br or .gz beside them are sent so; \
     there is nothing to set";
const LOGGED: &str = "every request is logged in one place, see log.to";
const BUFFERED: &str = "bodies are buffered as [proxy] says, larger ones stream";
const FORWARDED: &str = "what is sent to programs is fixed, see docs/edge-reference.md";
const GRPC: &str = "gRPC is not proxied; keep nginx for it";
const CACHED: &str =
    "responses are cached by `shared_cache = {}` in a [[route]], see docs/edge-reference.md";
const FRAMED: &str = "failures and retries follow fixed rules";

/// Returns how Kenduri differs from what a directive says that [`reason`] would ignore; `None` if it
/// does not differ.
pub(super) fn difference(directive: &Directive) -> Option<&'static str> {
    let word = directive.word(0);
    let is_old = |version: &String| matches!(&**version, "SSLv2" | "SSLv3" | "TLSv1" | "TLSv1.1");
    Some(match (directive.name.as_str(), word) {
        ("default_type", "text/plain" | "application/octet-stream")
        | ("proxy_http_version", "1.0" | "1.1") => return None,
        ("default_type", _) => {
            "a file whose ending is unknown, or that has none, is application/octet-stream here; `headers` of its route \
             can set Content-Type"
        }
        // The list that nginx brings is about the list that Kenduri has.
        ("types", _) if &*directive.place.file != "mime.types" => {
            "Kenduri has a list of its own for the types of files; `headers` of a route can set another Content-Type"
        }
        ("etag" | "if_modified_since", "off") | ("max_ranges", _) => {
            "ETag, conditions and ranges are always there for files"
        }
        ("merge_slashes", "off") => "//x is read as /x",
        ("underscores_in_headers", "on") => {
            "a header such as X_Forwarded_For, which a program may take for one with -, is removed"
        }
        ("ignore_invalid_headers", "off") => "a request with such a header is answered with 400",
        ("server_name_in_redirect", "on") => "redirects name the host that the client asked for",
        ("http2" | "http3", "off") => {
            "HTTP/2 is always on over TLS; `listen.http3 = false` switches HTTP/3 off"
        }
        ("ssl_protocols", _) if directive.words.iter().any(is_old) => {
            "TLS before 1.2 is not supported, so clients without a newer version cannot connect"
        }
        ("proxy_pass_request_body", "off") => "the body of a request goes on to the program",
        ("proxy_http_version", _) => {
            "programs are asked over HTTP/1.1; one that only speaks HTTP/2 does not work here: keep nginx for it"
        }
        ("proxy_pass_header", _) => {
            "a program's headers go to the client, but for those of the connection, X-Accel-* and the version in Server"
        }
        ("proxy_request_buffering", "off") => {
            "`buffer_request = \"0\"` in the route streams bodies to the program"
        }
        _ => return None,
    })
}

/// Returns the reason why the import ignores a directive; `None` if the directive is unknown.
pub(super) fn reason(name: &str) -> Option<&'static str> {
    Some(match name {
        "worker_processes"
        | "worker_connections"
        | "worker_rlimit_nofile"
        | "worker_cpu_affinity"
        | "events"
        | "multi_accept"
        | "use"
        | "pid"
        | "user"
        | "daemon"
        | "thread_pool"
        | "load_module"
        | "sendfile"
        | "sendfile_max_chunk"
        | "tcp_nopush"
        | "tcp_nodelay"
        | "aio"
        | "directio"
        | "keepalive_requests"
        | "reset_timedout_connection"
        | "server_tokens"
        | "types"
        | "types_hash_max_size"
        | "types_hash_bucket_size"
        | "default_type"
        | "charset"
        | "charset_types"
        | "server_names_hash_bucket_size"
        | "server_names_hash_max_size"
        | "variables_hash_max_size"
        | "map_hash_bucket_size"
        | "open_file_cache"
        | "open_file_cache_valid"
        | "open_file_cache_min_uses"
        | "open_file_cache_errors"
        | "etag"
        | "if_modified_since"
        | "max_ranges"
        | "resolver"
        | "resolver_timeout"
        | "http2"
        | "http3"
        | "http3_hq"
        | "quic_retry"
        | "lingering_close"
        | "server_name_in_redirect"
        | "port_in_redirect"
        | "absolute_redirect"
        | "merge_slashes"
        | "underscores_in_headers"
        | "ignore_invalid_headers"
        | "recursive_error_pages"
        | "log_subrequest"
        | "real_ip_recursive" => BY_ITSELF,
        "keepalive_timeout"
        | "send_timeout"
        | "client_body_timeout"
        | "client_header_timeout"
        | "client_header_buffer_size" => CLIENTS,
        "ssl_protocols"
        | "ssl_ciphers"
        | "ssl_prefer_server_ciphers"
        | "ssl_session_cache"
        | "ssl_session_timeout"
        | "ssl_session_tickets"
        | "ssl_session_ticket_key"
        | "ssl_dhparam"
        | "ssl_ecdh_curve"
        | "ssl_stapling"
        | "ssl_stapling_verify"
        | "ssl_trusted_certificate"
        | "ssl_buffer_size"
        | "ssl_early_data"
        | "ssl_conf_command"
        | "ssl" => TLS,
        "gzip" | "gzip_types" | "gzip_vary" | "gzip_proxied" | "gzip_comp_level"
        | "gzip_min_length" | "gzip_buffers" | "gzip_http_version" | "gzip_disable"
        | "gzip_static" | "gunzip" | "brotli" | "brotli_types" | "brotli_static"
        | "brotli_comp_level" | "zstd" | "zstd_types" | "zstd_static" => COMPRESSED,
        "access_log" | "error_log" | "log_format" | "log_not_found" | "rewrite_log" => LOGGED,
        "proxy_buffering"
        | "proxy_request_buffering"
        | "proxy_buffers"
        | "proxy_buffer_size"
        | "proxy_busy_buffers_size"
        | "proxy_max_temp_file_size"
        | "proxy_temp_path"
        | "client_body_buffer_size"
        | "client_body_temp_path"
        | "fastcgi_buffers"
        | "fastcgi_buffer_size"
        | "postpone_output"
        | "output_buffers"
        | "proxy_temp_file_write_size"
        | "chunked_transfer_encoding" => BUFFERED,
        "proxy_http_version"
        | "proxy_pass_request_headers"
        | "proxy_pass_request_body"
        | "proxy_socket_keepalive"
        | "proxy_headers_hash_max_size"
        | "proxy_headers_hash_bucket_size"
        | "proxy_pass_header"
        | "proxy_cookie_path"
        | "proxy_cookie_domain"
        | "proxy_send_timeout" => FORWARDED,
        "grpc_set_header" | "grpc_read_timeout" | "grpc_send_timeout" => GRPC,
        "proxy_cache"
        | "proxy_cache_path"
        | "proxy_cache_valid"
        | "proxy_cache_key"
        | "proxy_cache_use_stale"
        | "proxy_cache_lock"
        | "proxy_cache_bypass"
        | "proxy_no_cache"
        | "proxy_cache_methods"
        | "proxy_cache_revalidate"
        | "proxy_cache_background_update"
        | "proxy_cache_min_uses"
        | "proxy_ignore_headers" => CACHED,
        "proxy_next_upstream"
        | "proxy_next_upstream_tries"
        | "proxy_next_upstream_timeout"
        | "proxy_ignore_client_abort" => FRAMED,
        _ if name.starts_with("fastcgi_") && name != "fastcgi_pass" => {
            "FastCGI is not supported; let the program answer HTTP"
        }
        _ if name.starts_with("uwsgi_") && name != "uwsgi_pass" => {
            "uwsgi's own protocol is not supported; start uwsgi with --http-socket"
        }
        _ => return None,
    })
}

/// Whether an unsupported directive restricts access. If so, the import must close the paths that
/// the directive protects.
pub(super) fn guards(name: &str) -> bool {
    matches!(
        name,
        "auth_request"
            | "auth_jwt"
            | "auth_delay"
            | "secure_link"
            | "ssl_verify_client"
            | "ssl_client_certificate"
            | "limit_except"
            | "valid_referers"
            | "auth_digest"
            | "auth_pam"
            | "auth_ldap"
            | "access_by_lua_block"
            | "access_by_lua_file"
            | "access_by_lua"
            | "modsecurity"
    )
}
