--
-- PostgreSQL database dump
--

\restrict f3zMMyrft3fGWbB4EfzzAXcjOJMl5KrXfATQIJBt6RoqqTEhLLpo1IgkKhZc4ID

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

ALTER TABLE ONLY public.user_roles DROP CONSTRAINT user_roles_user_id_fkey;
ALTER TABLE ONLY public.user_roles DROP CONSTRAINT user_roles_role_id_fkey;
ALTER TABLE ONLY public.user_profiles DROP CONSTRAINT user_profiles_user_id_fkey;
ALTER TABLE ONLY public.user_preferences DROP CONSTRAINT user_preferences_user_id_fkey;
ALTER TABLE ONLY public.user_excluded_phrases DROP CONSTRAINT user_excluded_phrases_user_id_fkey;
ALTER TABLE ONLY public.user_excluded_phrases DROP CONSTRAINT user_excluded_phrases_phrase_id_fkey;
ALTER TABLE ONLY public.user_credentials DROP CONSTRAINT user_credentials_user_id_fkey;
ALTER TABLE ONLY public.refresh_tokens DROP CONSTRAINT refresh_tokens_user_id_fkey;
ALTER TABLE ONLY public.phrases DROP CONSTRAINT phrases_created_by_fkey;
ALTER TABLE ONLY public.phrase_suggestions DROP CONSTRAINT phrase_suggestions_user_id_fkey;
ALTER TABLE ONLY public.phrase_suggestions DROP CONSTRAINT phrase_suggestions_admin_id_fkey;
ALTER TABLE ONLY public.incident_timers DROP CONSTRAINT incident_timers_user_id_fkey;
ALTER TABLE ONLY public.users DROP CONSTRAINT users_slug_key;
ALTER TABLE ONLY public.users DROP CONSTRAINT users_pkey;
ALTER TABLE ONLY public.users DROP CONSTRAINT users_email_key;
ALTER TABLE ONLY public.user_roles DROP CONSTRAINT user_roles_pkey;
ALTER TABLE ONLY public.user_profiles DROP CONSTRAINT user_profiles_pkey;
ALTER TABLE ONLY public.user_preferences DROP CONSTRAINT user_preferences_pkey;
ALTER TABLE ONLY public.user_excluded_phrases DROP CONSTRAINT user_excluded_phrases_pkey;
ALTER TABLE ONLY public.user_external_logins DROP CONSTRAINT user_external_logins_pkey;
ALTER TABLE ONLY public.user_credentials DROP CONSTRAINT user_credentials_pkey;
ALTER TABLE ONLY public.roles DROP CONSTRAINT roles_pkey;
ALTER TABLE ONLY public.roles DROP CONSTRAINT roles_name_key;
ALTER TABLE ONLY public.refresh_tokens DROP CONSTRAINT refresh_tokens_pkey;
ALTER TABLE ONLY public.phrases DROP CONSTRAINT phrases_pkey;
ALTER TABLE ONLY public.phrase_suggestions DROP CONSTRAINT phrase_suggestions_pkey;
ALTER TABLE ONLY public.incident_timers DROP CONSTRAINT incident_timers_pkey;
ALTER TABLE ONLY public.email_suppressions DROP CONSTRAINT email_suppressions_pkey;
ALTER TABLE ONLY public.blog_posts DROP CONSTRAINT blog_posts_slug_key;
ALTER TABLE ONLY public.blog_posts DROP CONSTRAINT blog_posts_pkey;
DROP TABLE public.users;
DROP TABLE public.user_roles;
DROP TABLE public.user_profiles;
DROP TABLE public.user_preferences;
DROP TABLE public.user_external_logins;
DROP TABLE public.user_excluded_phrases;
DROP TABLE public.user_credentials;
DROP TABLE public.roles;
DROP TABLE public.refresh_tokens;
DROP TABLE public.phrases;
DROP TABLE public.phrase_suggestions;
DROP TABLE public.incident_timers;
DROP TABLE public.email_suppressions;
DROP TABLE public.blog_posts;
SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: blog_posts; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.blog_posts (
    id uuid NOT NULL,
    slug character varying(255) NOT NULL,
    title character varying(255) NOT NULL,
    excerpt text,
    content text NOT NULL,
    featured_image_url text,
    featured_image_alt text,
    status character varying(20) NOT NULL,
    tags text[],
    published_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    meta_description text,
    search_vector tsvector GENERATED ALWAYS AS (to_tsvector('english'::regconfig, (title)::text)) STORED
);


--
-- Name: email_suppressions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.email_suppressions (
    id uuid NOT NULL,
    email character varying(255) NOT NULL,
    suppression_type character varying(50) NOT NULL,
    reason text,
    suppress_transactional boolean NOT NULL,
    suppress_marketing boolean NOT NULL,
    bounce_count integer NOT NULL,
    last_bounce_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);


--
-- Name: incident_timers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.incident_timers (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    reset_timestamp timestamp with time zone NOT NULL,
    notes text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);


--
-- Name: phrase_suggestions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.phrase_suggestions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    phrase_text character varying(500) NOT NULL,
    status character varying(20) NOT NULL,
    admin_id uuid,
    admin_reason text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);


--
-- Name: phrases; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.phrases (
    id uuid NOT NULL,
    phrase_text character varying(500) NOT NULL,
    active boolean NOT NULL,
    created_by uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    search_vector tsvector
);


--
-- Name: refresh_tokens; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.refresh_tokens (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    token_hash character varying(255) NOT NULL,
    device_info jsonb,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone
);


--
-- Name: roles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.roles (
    id uuid NOT NULL,
    name character varying(50) NOT NULL,
    description text,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);


--
-- Name: user_credentials; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_credentials (
    user_id uuid NOT NULL,
    password_hash character varying(255) NOT NULL,
    password_updated_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: user_excluded_phrases; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_excluded_phrases (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    phrase_id uuid NOT NULL,
    excluded_at timestamp with time zone NOT NULL
);


--
-- Name: user_external_logins; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_external_logins (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    provider character varying(50) NOT NULL,
    provider_user_id character varying(255) NOT NULL,
    linked_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);


--
-- Name: user_preferences; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_preferences (
    user_id uuid NOT NULL,
    timer_is_public boolean NOT NULL,
    timer_show_in_list boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    notify_blog_posts boolean NOT NULL
);


--
-- Name: user_profiles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_profiles (
    user_id uuid NOT NULL,
    real_name character varying(255),
    bio text,
    avatar_url character varying(500),
    location character varying(255),
    website character varying(500),
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL
);


--
-- Name: user_roles; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.user_roles (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    role_id uuid NOT NULL,
    assigned_at timestamp with time zone NOT NULL,
    assigned_by uuid
);


--
-- Name: users; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.users (
    id uuid NOT NULL,
    email character varying(255) NOT NULL,
    display_name character varying(100) NOT NULL,
    slug character varying(255) NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    active boolean NOT NULL,
    search_vector tsvector
);


--
-- Data for Name: blog_posts; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.blog_posts (id, slug, title, excerpt, content, featured_image_url, featured_image_alt, status, tags, published_at, created_at, updated_at, meta_description) FROM stdin;
0199a000-0000-7000-8000-000000000110	kopi	Kopi	About coffee	# Kopi\n\nWith *milk*.\t\\o/	https://img.example/kopi.jpg	\N	published	{kopi,"two words"}	2026-02-02 16:00:00+08	2026-01-05 16:00:00+08	2026-02-03 16:00:00+08	\N
0199a000-0000-7000-8000-000000000111	not-yet	Not yet	\N	A draft	\N	\N	draft	{}	\N	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	\N
\.


--
-- Data for Name: email_suppressions; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.email_suppressions (id, email, suppression_type, reason, suppress_transactional, suppress_marketing, bounce_count, last_bounce_at, created_at, updated_at) FROM stdin;
0199a000-0000-7000-8000-000000000100	gone@older.example	bounce	\N	t	t	3	\N	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000101	full@older.example	bounce	\N	f	t	1	\N	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000102	Daniel@older.example	unsubscribe	\N	f	t	0	\N	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000103	cross@older.example	complaint	\N	t	t	0	\N	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
\.


--
-- Data for Name: incident_timers; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.incident_timers (id, user_id, reset_timestamp, notes, created_at, updated_at) FROM stdin;
0199a000-0000-7000-8000-000000000060	0199a000-0000-7000-8000-000000000001	2026-03-01 18:00:00.123456+08	first\tline\nsecond \\ line	2026-03-01 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000061	0199a000-0000-7000-8000-000000000001	2026-03-09 18:00:00.123+08	\N	2026-03-09 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000062	0199a000-0000-7000-8000-000000000001	2026-04-01 18:00:00+08	again	2026-04-01 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000063	0199a000-0000-7000-8000-000000000002	2026-03-01 18:00:00.123456+08	xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx	2026-03-01 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000064	0199a000-0000-7000-8000-000000000004	2026-05-01 18:00:00+08		2026-05-01 16:00:00+08	2026-01-05 16:00:00+08
\.


--
-- Data for Name: phrase_suggestions; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.phrase_suggestions (id, user_id, phrase_text, status, admin_id, admin_reason, created_at, updated_at) FROM stdin;
0199a000-0000-7000-8000-000000000090	0199a000-0000-7000-8000-000000000002	Slowly, slowly	approved	0199a000-0000-7000-8000-000000000001	\N	2026-01-05 16:00:00+08	2026-01-08 16:00:00+08
0199a000-0000-7000-8000-000000000091	0199a000-0000-7000-8000-000000000004	Buy my things	rejected	0199a000-0000-7000-8000-000000000001	an advertisement	2026-01-05 16:00:00+08	2026-01-08 16:00:00+08
0199a000-0000-7000-8000-000000000092	0199a000-0000-7000-8000-000000000004	Still to be read	pending	\N	\N	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
\.


--
-- Data for Name: phrases; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.phrases (id, phrase_text, active, created_by, created_at, updated_at, search_vector) FROM stdin;
0199a000-0000-7000-8000-000000000070	Keep going, one step at a time	t	0199a000-0000-7000-8000-000000000009	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	'going':2 'keep':1
0199a000-0000-7000-8000-000000000071	Slowly, slowly	t	0199a000-0000-7000-8000-000000000002	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000072	SLOWLY slowly!	t	0199a000-0000-7000-8000-000000000001	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000073	Not any more	f	0199a000-0000-7000-8000-000000000009	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	\N
\.


--
-- Data for Name: refresh_tokens; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.refresh_tokens (id, user_id, token_hash, device_info, expires_at, created_at, updated_at, last_used_at) FROM stdin;
0199a000-0000-7000-8000-000000000050	0199a000-0000-7000-8000-000000000001	abc	{"a": "b"}	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	\N
\.


--
-- Data for Name: roles; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.roles (id, name, description, created_at, updated_at) FROM stdin;
0199a000-0000-7000-8000-000000000020	user	\N	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000021	admin	\N	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000022	email-verified	\N	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000023	trusted-contact	\N	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
\.


--
-- Data for Name: user_credentials; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.user_credentials (user_id, password_hash, password_updated_at, created_at) FROM stdin;
0199a000-0000-7000-8000-000000000001	$2b$04$RjFjWDVXiq8Y14zcGoMwgOFK0Z9OL3iBcFIKKy7mEBjKjdhxjT/5.	2026-02-01 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000002	$2y$04$9JFsNqLdNWP4hsl/6jG5IeRIkgMrFub4wOTRpYzhypYlXYJaNC506	2026-02-01 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000003	$2a$04$IBXQQ7iIkXz86Jarmbx0t./EHItHNzJDoQgu8ngekrgixOqKQhH5u	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000005	$2b$04$gbXcDQMzUzN29F6jGa6zMOFISgLOMj.HiNJ5V5Jr1ebOc0D7S7gdu	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000009	$2b$12$placeholder	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
\.


--
-- Data for Name: user_excluded_phrases; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.user_excluded_phrases (id, user_id, phrase_id, excluded_at) FROM stdin;
0199a000-0000-7000-8000-000000000080	0199a000-0000-7000-8000-000000000001	0199a000-0000-7000-8000-000000000071	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000081	0199a000-0000-7000-8000-000000000002	0199a000-0000-7000-8000-000000000073	2026-01-05 16:00:00+08
\.


--
-- Data for Name: user_external_logins; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.user_external_logins (id, user_id, provider, provider_user_id, linked_at, created_at, updated_at) FROM stdin;
0199a000-0000-7000-8000-000000000110	0199a000-0000-7000-8000-000000000002	google	108234567890	2026-01-07 08:00:00+08	2026-01-07 08:00:00+08	2026-01-07 08:00:00+08
0199a000-0000-7000-8000-000000000111	0199a000-0000-7000-8000-000000000004	google	108234567891	2026-01-07 08:00:00+08	2026-01-07 08:00:00+08	2026-01-07 08:00:00+08
0199a000-0000-7000-8000-000000000112	0199a000-0000-7000-8000-000000000005	github	4711	2026-01-07 08:00:00+08	2026-01-07 08:00:00+08	2026-01-07 08:00:00+08
\.


--
-- Data for Name: user_preferences; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.user_preferences (user_id, timer_is_public, timer_show_in_list, created_at, updated_at, notify_blog_posts) FROM stdin;
0199a000-0000-7000-8000-000000000001	t	t	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	t
0199a000-0000-7000-8000-000000000002	f	t	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	f
0199a000-0000-7000-8000-000000000004	t	f	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	t
\.


--
-- Data for Name: user_profiles; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.user_profiles (user_id, real_name, bio, avatar_url, location, website, created_at, updated_at) FROM stdin;
0199a000-0000-7000-8000-000000000001	Farah Ali	kopi	/pictures/farah.jpg	Ipoh	https://farah.example	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
0199a000-0000-7000-8000-000000000002	\N	\N	\N	\N	http://daniel.example	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08
\.


--
-- Data for Name: user_roles; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.user_roles (id, user_id, role_id, assigned_at, assigned_by) FROM stdin;
0199a000-0000-7000-8000-000000000030	0199a000-0000-7000-8000-000000000001	0199a000-0000-7000-8000-000000000020	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000031	0199a000-0000-7000-8000-000000000001	0199a000-0000-7000-8000-000000000021	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000032	0199a000-0000-7000-8000-000000000001	0199a000-0000-7000-8000-000000000022	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000033	0199a000-0000-7000-8000-000000000002	0199a000-0000-7000-8000-000000000020	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000034	0199a000-0000-7000-8000-000000000002	0199a000-0000-7000-8000-000000000022	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000035	0199a000-0000-7000-8000-000000000003	0199a000-0000-7000-8000-000000000022	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000036	0199a000-0000-7000-8000-000000000004	0199a000-0000-7000-8000-000000000020	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000037	0199a000-0000-7000-8000-000000000005	0199a000-0000-7000-8000-000000000021	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000038	0199a000-0000-7000-8000-000000000005	0199a000-0000-7000-8000-000000000022	2026-01-05 16:00:00+08	\N
0199a000-0000-7000-8000-000000000039	0199a000-0000-7000-8000-000000000002	0199a000-0000-7000-8000-000000000023	2026-01-05 16:00:00+08	\N
\.


--
-- Data for Name: users; Type: TABLE DATA; Schema: public; Owner: -
--

COPY public.users (id, email, display_name, slug, created_at, updated_at, active, search_vector) FROM stdin;
0199a000-0000-7000-8000-000000000009	system@older.example	System	system	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	t	\N
0199a000-0000-7000-8000-000000000001	Farah@older.example	Farah binti Ali	farah	2026-01-06 09:10:11.123456+08	2026-01-05 16:00:00+08	t	'farah':1
0199a000-0000-7000-8000-000000000002	daniel@older.example	Daniel	daniel-very-very-very-very-very-very-very-very-very-long-slug	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	t	\N
0199a000-0000-7000-8000-000000000003	mei@older.example	陈美	mei	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	f	\N
0199a000-0000-7000-8000-000000000004	aina@older.example	Aina	aina	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	t	\N
0199a000-0000-7000-8000-000000000005	ravi@older.example	Ravi	ravi	2026-01-05 16:00:00+08	2026-01-05 16:00:00+08	t	\N
\.


--
-- Name: blog_posts blog_posts_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.blog_posts
    ADD CONSTRAINT blog_posts_pkey PRIMARY KEY (id);


--
-- Name: blog_posts blog_posts_slug_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.blog_posts
    ADD CONSTRAINT blog_posts_slug_key UNIQUE (slug);


--
-- Name: email_suppressions email_suppressions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.email_suppressions
    ADD CONSTRAINT email_suppressions_pkey PRIMARY KEY (id);


--
-- Name: incident_timers incident_timers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.incident_timers
    ADD CONSTRAINT incident_timers_pkey PRIMARY KEY (id);


--
-- Name: phrase_suggestions phrase_suggestions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.phrase_suggestions
    ADD CONSTRAINT phrase_suggestions_pkey PRIMARY KEY (id);


--
-- Name: phrases phrases_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.phrases
    ADD CONSTRAINT phrases_pkey PRIMARY KEY (id);


--
-- Name: refresh_tokens refresh_tokens_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (id);


--
-- Name: roles roles_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_name_key UNIQUE (name);


--
-- Name: roles roles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.roles
    ADD CONSTRAINT roles_pkey PRIMARY KEY (id);


--
-- Name: user_credentials user_credentials_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_credentials
    ADD CONSTRAINT user_credentials_pkey PRIMARY KEY (user_id);


--
-- Name: user_external_logins user_external_logins_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_external_logins
    ADD CONSTRAINT user_external_logins_pkey PRIMARY KEY (id);


--
-- Name: user_excluded_phrases user_excluded_phrases_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_excluded_phrases
    ADD CONSTRAINT user_excluded_phrases_pkey PRIMARY KEY (id);


--
-- Name: user_preferences user_preferences_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_preferences
    ADD CONSTRAINT user_preferences_pkey PRIMARY KEY (user_id);


--
-- Name: user_profiles user_profiles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_profiles
    ADD CONSTRAINT user_profiles_pkey PRIMARY KEY (user_id);


--
-- Name: user_roles user_roles_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT user_roles_pkey PRIMARY KEY (id);


--
-- Name: users users_email_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key UNIQUE (email);


--
-- Name: users users_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);


--
-- Name: users users_slug_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_slug_key UNIQUE (slug);


--
-- Name: incident_timers incident_timers_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.incident_timers
    ADD CONSTRAINT incident_timers_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: phrase_suggestions phrase_suggestions_admin_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.phrase_suggestions
    ADD CONSTRAINT phrase_suggestions_admin_id_fkey FOREIGN KEY (admin_id) REFERENCES public.users(id);


--
-- Name: phrase_suggestions phrase_suggestions_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.phrase_suggestions
    ADD CONSTRAINT phrase_suggestions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: phrases phrases_created_by_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.phrases
    ADD CONSTRAINT phrases_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id);


--
-- Name: refresh_tokens refresh_tokens_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: user_credentials user_credentials_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_credentials
    ADD CONSTRAINT user_credentials_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: user_excluded_phrases user_excluded_phrases_phrase_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_excluded_phrases
    ADD CONSTRAINT user_excluded_phrases_phrase_id_fkey FOREIGN KEY (phrase_id) REFERENCES public.phrases(id);


--
-- Name: user_excluded_phrases user_excluded_phrases_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_excluded_phrases
    ADD CONSTRAINT user_excluded_phrases_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: user_preferences user_preferences_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_preferences
    ADD CONSTRAINT user_preferences_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: user_profiles user_profiles_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_profiles
    ADD CONSTRAINT user_profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- Name: user_roles user_roles_role_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT user_roles_role_id_fkey FOREIGN KEY (role_id) REFERENCES public.roles(id);


--
-- Name: user_roles user_roles_user_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.user_roles
    ADD CONSTRAINT user_roles_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);


--
-- PostgreSQL database dump complete
--

\unrestrict f3zMMyrft3fGWbB4EfzzAXcjOJMl5KrXfATQIJBt6RoqqTEhLLpo1IgkKhZc4ID

