### The first minute: the page of a new occasion, and the home of one without guests.

## Hosts

host-new-what = What are you celebrating?
host-new-who = Whose celebration is it?
host-new-who-wedding = Who is getting married?
host-new-who-memorial = Who is remembered?
host-new-who-one = Who is it for?
host-new-names-hint = As you want to read it on the card. First names are enough.
host-new-first = Name
host-new-second = The other name, if there is one
host-new-day = Which day?
host-new-day-unknown = We don’t know the day yet
host-new-see = See your card
host-new-card = Your card so far. The look comes next.
host-new-only-you = Only you can see it until you publish.
host-new-zone = { $place } time
host-new-as-zone = From the time zone: { $value }
host-new-slug-hint = Empty: made of the names.
host-new-title-hint = In lists and emails. Empty: made of the names.
host-new-deadline-hint = Empty: four weeks before the day, if there is time.
host-new-nobody = Whose celebration is it?
host-new-no-zone = In which time zone is it?
host-new-no-day = Which day is it? Or tick “We don’t know the day yet”.
host-new-day-and-unknown = Clear the day, or untick “We don’t know the day yet”.
host-new-day-over = This day is over. Did you mean { $day }?
host-new-day-far = { $n ->
    [one] That is 1 year away. Is the year right?
   *[other] That is { $n } years away. Is the year right?
}
host-new-deadline-unread = Choose a day, or leave it empty.
host-new-deadline-without-day = Guests answer once the day is known. Leave it empty.
host-new-deadline-over = This day is over.
host-new-deadline-late = That is after the day itself.
host-field-cancelled = This event is cancelled
host-field-cancelled-hint = Guests see that it is cancelled, and are no longer asked about it or counted. Their answers are kept: untick this to bring them back. No message goes out by itself: “Send” offers one.
host-field-hour-known = The time is known
host-field-hour-known-hint = If not, guests see only the date, and calendars get the whole day.
host-field-end-known = The end is known
host-field-cancel-right = Yes, it is cancelled
host-field-year-right = The year is right
host-no-hour = no time yet
host-no-end = end not known
host-field-country = Home country
host-field-country-hint = Where you and most guests live.
host-field-country-as-zone = Where the time zone is
host-home-card = As guests see it
host-home-photo = Add a photo
host-home-look = Change the look
host-home-next = Next
host-home-who = Who is invited?
host-home-who-text = Drop in any list: Excel, Google Sheets, Joy, Zola, or your phone’s contacts.
host-home-import = Import guests
host-home-add = Add one household
host-home-until = Until it goes out
host-home-done = { $n } of { $total } done
host-home-step-done = Done:
host-home-step-open = Open:
host-home-names = Names and day
host-home-step-look = Look
host-home-place = Time and place
host-home-events = { $n ->
    [one] 1 event
   *[other] { $n } events
}
host-home-guests = Guests
host-home-answer-by = Answer by
host-home-publish = Publish
host-home-to-answer = Yet to answer
host-home-said-yes = Said yes
host-home-did-not-answer = Did not answer
host-home-said-no = Said no
host-home-of-people = of { $count ->
    [one] { $n } person
   *[other] { $n } people
    }
host-home-of-people-and-more = of { $count ->
    [one] { $n } person, and up to { $more } more
   *[other] { $n } people, and up to { $more } more
    }
host-home-households = { $n ->
    [one] household
   *[other] households
    }
host-home-not-sure = and { $n } not sure
host-home-so-far = and { $n } so far, with more to answer
host-home-seats = Seats left
host-home-seats-of = of { $seats } at { $of }
host-home-then = Then
host-home-all = All { $n }

# The countries by their codes (CLDR 48).
host-countries =
    AD Andorra
    AE United Arab Emirates
    AF Afghanistan
    AG Antigua & Barbuda
    AI Anguilla
    AL Albania
    AM Armenia
    AO Angola
    AQ Antarctica
    AR Argentina
    AS American Samoa
    AT Austria
    AU Australia
    AW Aruba
    AX Åland Islands
    AZ Azerbaijan
    BA Bosnia & Herzegovina
    BB Barbados
    BD Bangladesh
    BE Belgium
    BF Burkina Faso
    BG Bulgaria
    BH Bahrain
    BI Burundi
    BJ Benin
    BL St. Barthélemy
    BM Bermuda
    BN Brunei
    BO Bolivia
    BQ Caribbean Netherlands
    BR Brazil
    BS Bahamas
    BT Bhutan
    BW Botswana
    BY Belarus
    BZ Belize
    CA Canada
    CC Cocos (Keeling) Islands
    CD Congo - Kinshasa
    CF Central African Republic
    CG Congo - Brazzaville
    CH Switzerland
    CI Côte d’Ivoire
    CK Cook Islands
    CL Chile
    CM Cameroon
    CN China
    CO Colombia
    CR Costa Rica
    CU Cuba
    CV Cape Verde
    CW Curaçao
    CX Christmas Island
    CY Cyprus
    CZ Czechia
    DE Germany
    DJ Djibouti
    DK Denmark
    DM Dominica
    DO Dominican Republic
    DZ Algeria
    EC Ecuador
    EE Estonia
    EG Egypt
    EH Western Sahara
    ER Eritrea
    ES Spain
    ET Ethiopia
    FI Finland
    FJ Fiji
    FK Falkland Islands
    FM Micronesia
    FO Faroe Islands
    FR France
    GA Gabon
    GB United Kingdom
    GD Grenada
    GE Georgia
    GF French Guiana
    GG Guernsey
    GH Ghana
    GI Gibraltar
    GL Greenland
    GM Gambia
    GN Guinea
    GP Guadeloupe
    GQ Equatorial Guinea
    GR Greece
    GS South Georgia & South Sandwich Islands
    GT Guatemala
    GU Guam
    GW Guinea-Bissau
    GY Guyana
    HK Hong Kong SAR China
    HN Honduras
    HR Croatia
    HT Haiti
    HU Hungary
    ID Indonesia
    IE Ireland
    IL Israel
    IM Isle of Man
    IN India
    IO British Indian Ocean Territory
    IQ Iraq
    IR Iran
    IS Iceland
    IT Italy
    JE Jersey
    JM Jamaica
    JO Jordan
    JP Japan
    KE Kenya
    KG Kyrgyzstan
    KH Cambodia
    KI Kiribati
    KM Comoros
    KN St. Kitts & Nevis
    KP North Korea
    KR South Korea
    KW Kuwait
    KY Cayman Islands
    KZ Kazakhstan
    LA Laos
    LB Lebanon
    LC St. Lucia
    LI Liechtenstein
    LK Sri Lanka
    LR Liberia
    LS Lesotho
    LT Lithuania
    LU Luxembourg
    LV Latvia
    LY Libya
    MA Morocco
    MC Monaco
    MD Moldova
    ME Montenegro
    MF St. Martin
    MG Madagascar
    MH Marshall Islands
    MK North Macedonia
    ML Mali
    MM Myanmar (Burma)
    MN Mongolia
    MO Macao SAR China
    MP Northern Mariana Islands
    MQ Martinique
    MR Mauritania
    MS Montserrat
    MT Malta
    MU Mauritius
    MV Maldives
    MW Malawi
    MX Mexico
    MY Malaysia
    MZ Mozambique
    NA Namibia
    NC New Caledonia
    NE Niger
    NF Norfolk Island
    NG Nigeria
    NI Nicaragua
    NL Netherlands
    NO Norway
    NP Nepal
    NR Nauru
    NU Niue
    NZ New Zealand
    OM Oman
    PA Panama
    PE Peru
    PF French Polynesia
    PG Papua New Guinea
    PH Philippines
    PK Pakistan
    PL Poland
    PM St. Pierre & Miquelon
    PN Pitcairn Islands
    PR Puerto Rico
    PS Palestinian Territories
    PT Portugal
    PW Palau
    PY Paraguay
    QA Qatar
    RE Réunion
    RO Romania
    RS Serbia
    RU Russia
    RW Rwanda
    SA Saudi Arabia
    SB Solomon Islands
    SC Seychelles
    SD Sudan
    SE Sweden
    SG Singapore
    SH St. Helena
    SI Slovenia
    SJ Svalbard & Jan Mayen
    SK Slovakia
    SL Sierra Leone
    SM San Marino
    SN Senegal
    SO Somalia
    SR Suriname
    SS South Sudan
    ST São Tomé & Príncipe
    SV El Salvador
    SX Sint Maarten
    SY Syria
    SZ Eswatini
    TC Turks & Caicos Islands
    TD Chad
    TF French Southern Territories
    TG Togo
    TH Thailand
    TJ Tajikistan
    TK Tokelau
    TL Timor-Leste
    TM Turkmenistan
    TN Tunisia
    TO Tonga
    TR Türkiye
    TT Trinidad & Tobago
    TV Tuvalu
    TW Taiwan
    TZ Tanzania
    UA Ukraine
    UG Uganda
    UM U.S. Outlying Islands
    US United States
    UY Uruguay
    UZ Uzbekistan
    VA Vatican City
    VC St. Vincent & Grenadines
    VE Venezuela
    VG British Virgin Islands
    VI U.S. Virgin Islands
    VN Vietnam
    VU Vanuatu
    WF Wallis & Futuna
    WS Samoa
    YE Yemen
    YT Mayotte
    ZA South Africa
    ZM Zambia
    ZW Zimbabwe
