--
-- PostgreSQL database dump
--

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

CREATE TABLE public.invites (
    id integer NOT NULL,
    code text NOT NULL,
    household text NOT NULL,
    email text,
    language text NOT NULL,
    max_plus_ones integer NOT NULL,
    deadline timestamp without time zone
);

CREATE TABLE public.guests (
    id integer NOT NULL,
    invite_id integer NOT NULL,
    name text NOT NULL,
    dietary text
);

CREATE TABLE public.rsvps (
    id integer NOT NULL,
    guest_id integer NOT NULL,
    status text NOT NULL,
    note text,
    created_at timestamp with time zone NOT NULL
);

COPY public.invites (id, code, household, email, language, max_plus_ones, deadline) FROM stdin;
1	SALIM	Salim bin Osman and family	salim@older.example	ms	2	\N
2	WONG8	The Wongs	wong@older.example	en	0	\N
3	PRIYA	Priya	\N	en	1	\N
4	OSMAN	Keluarga Osman	osman@older.example	ms	4	\N
\.

COPY public.guests (id, invite_id, name, dietary) FROM stdin;
1	1	Salim bin Osman	halal
2	1	Rohani	halal
3	2	Wong Mei Fong	vegetarian
4	2	Wong Kai	\N
5	3	Priya Nair	\N
6	4	Osman bin Yusof	\N
\.

COPY public.rsvps (id, guest_id, status, note, created_at) FROM stdin;
1	1	attending	Congratulations to you both!	2026-10-02 10:00:00+08
2	2	attending	\N	2026-10-02 10:00:00+08
3	3	attending	\N	2026-10-05 21:30:00+08
4	4	declined	\N	2026-10-05 21:30:00+08
\.

--
-- PostgreSQL database dump complete
--
