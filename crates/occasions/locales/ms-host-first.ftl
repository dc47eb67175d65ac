### Minit pertama: halaman majlis baharu, dan halaman utama majlis yang belum ada tetamu.

## Hosts

host-new-what = Apa yang anda raikan?
host-new-who = Majlis siapa?
host-new-who-wedding = Siapa yang berkahwin?
host-new-who-memorial = Siapa yang dikenang?
host-new-who-one = Untuk siapa?
host-new-names-hint = Seperti yang anda mahu baca pada kad. Nama panggilan sudah memadai.
host-new-first = Nama
host-new-second = Nama yang satu lagi, jika ada
host-new-day = Bila harinya?
host-new-day-unknown = Kami belum tahu harinya
host-new-see = Lihat kad anda
host-new-card = Kad anda setakat ini. Rupanya dipilih selepas ini.
host-new-only-you = Hanya anda dapat melihatnya sehingga anda menerbitkannya.
host-new-zone = waktu { $place }
host-new-as-zone = Mengikut zon waktu: { $value }
host-new-slug-hint = Kosong: dibuat daripada nama.
host-new-title-hint = Dalam senarai dan e-mel. Kosong: dibuat daripada nama.
host-new-deadline-hint = Kosong: empat minggu sebelum harinya, jika masih sempat.
host-new-nobody = Majlis siapa?
host-new-no-zone = Di zon waktu mana?
host-new-no-day = Bila harinya? Atau tandakan “Kami belum tahu harinya”.
host-new-day-and-unknown = Kosongkan hari, atau buang tanda “Kami belum tahu harinya”.
host-new-day-over = Tarikh itu sudah berlalu. Maksud anda { $day }?
host-new-day-far = Itu { $n } tahun lagi. Betulkah tahunnya?
host-new-deadline-unread = Pilih satu hari, atau biarkan kosong.
host-new-deadline-without-day = Tetamu menjawab selepas harinya diketahui. Biarkan kosong.
host-new-deadline-over = Tarikh itu sudah berlalu.
host-new-deadline-late = Itu selepas hari majlis.
host-field-cancelled = Acara ini dibatalkan
host-field-cancelled-hint = Tetamu melihat bahawa acara ini dibatalkan, dan tidak lagi ditanya atau dikira untuknya. Jawapan mereka disimpan dan dipulihkan apabila anda membuang tanda ini. Tiada mesej dihantar secara automatik: anda boleh memberitahu mereka di “Hantar”.
host-field-hour-known = Masanya sudah diketahui
host-field-hour-known-hint = Jika belum, tetamu membaca harinya sahaja, dan kalendar mendapat sepanjang hari.
host-field-end-known = Masa tamat sudah diketahui
host-field-cancel-right = Ya, acara ini dibatalkan
host-field-year-right = Tahunnya betul
host-no-hour = belum ada masa
host-no-end = masa tamat belum diketahui
host-field-country = Negara kediaman
host-field-country-hint = Tempat tinggal anda dan kebanyakan tetamu.
host-field-country-as-zone = Negara zon waktu
host-home-card = Seperti yang dilihat tetamu
host-home-photo = Tambah gambar
host-home-look = Tukar rupa
host-home-next = Seterusnya
host-home-who = Siapa yang dijemput?
host-home-who-text = Masukkan apa-apa senarai: Excel, Google Sheets, Joy, Zola, atau kenalan dalam telefon anda.
host-home-import = Import tetamu
host-home-add = Tambah satu keluarga
host-home-until = Sebelum jemputan dihantar
host-home-done = { $n } daripada { $total } selesai
host-home-step-done = Selesai:
host-home-step-open = Belum:
host-home-names = Nama dan hari
host-home-step-look = Rupa
host-home-place = Masa dan tempat
host-home-events = { $n } acara
host-home-guests = Tetamu
host-home-answer-by = Jawab selewat-lewatnya
host-home-publish = Terbitkan
host-home-to-answer = Belum menjawab
host-home-said-yes = Menjawab ya
host-home-did-not-answer = Tidak menjawab
host-home-said-no = Menjawab tidak
host-home-of-people = daripada { $n } orang
host-home-of-people-and-more = daripada { $n } orang, dan sehingga { $more } orang lagi
host-home-households = keluarga
host-home-not-sure = dan { $n } belum pasti
host-home-so-far = dan { $n } setakat ini, belum semua dijawab
host-home-seats = Baki tempat
host-home-seats-of = daripada { $seats } untuk { $of }
host-home-then = Kemudian
host-home-all = Semua { $n }

# The countries by their codes (CLDR 48).
host-countries =
    AD Andorra
    AE Emiriah Arab Bersatu
    AF Afghanistan
    AG Antigua dan Barbuda
    AI Anguilla
    AL Albania
    AM Armenia
    AO Angola
    AQ Antartika
    AR Argentina
    AS Samoa Amerika
    AT Austria
    AU Australia
    AW Aruba
    AX Kepulauan Aland
    AZ Azerbaijan
    BA Bosnia dan Herzegovina
    BB Barbados
    BD Bangladesh
    BE Belgium
    BF Burkina Faso
    BG Bulgaria
    BH Bahrain
    BI Burundi
    BJ Benin
    BL St. Barthelemy
    BM Bermuda
    BN Brunei
    BO Bolivia
    BQ Belanda Caribbean
    BR Brazil
    BS Bahamas
    BT Bhutan
    BW Botswana
    BY Belarus
    BZ Belize
    CA Kanada
    CC Kepulauan Cocos (Keeling)
    CD Congo - Kinshasa
    CF Republik Afrika Tengah
    CG Congo - Brazzaville
    CH Switzerland
    CI Cote d’Ivoire
    CK Kepulauan Cook
    CL Chile
    CM Cameroon
    CN China
    CO Colombia
    CR Costa Rica
    CU Cuba
    CV Cape Verde
    CW Curacao
    CX Pulau Krismas
    CY Cyprus
    CZ Czechia
    DE Jerman
    DJ Djibouti
    DK Denmark
    DM Dominica
    DO Republik Dominica
    DZ Algeria
    EC Ecuador
    EE Estonia
    EG Mesir
    EH Sahara Barat
    ER Eritrea
    ES Sepanyol
    ET Ethiopia
    FI Finland
    FJ Fiji
    FK Kepulauan Falkland
    FM Micronesia
    FO Kepulauan Faroe
    FR Perancis
    GA Gabon
    GB United Kingdom
    GD Grenada
    GE Georgia
    GF Guiana Perancis
    GG Guernsey
    GH Ghana
    GI Gibraltar
    GL Greenland
    GM Gambia
    GN Guinea
    GP Guadeloupe
    GQ Guinea Khatulistiwa
    GR Greece
    GS Kepulauan Georgia Selatan & Sandwich Selatan
    GT Guatemala
    GU Guam
    GW Guinea Bissau
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
    IO Wilayah Lautan Hindi British
    IQ Iraq
    IR Iran
    IS Iceland
    IT Itali
    JE Jersey
    JM Jamaica
    JO Jordan
    JP Jepun
    KE Kenya
    KG Kyrgyzstan
    KH Kemboja
    KI Kiribati
    KM Comoros
    KN Saint Kitts dan Nevis
    KP Korea Utara
    KR Korea Selatan
    KW Kuwait
    KY Kepulauan Cayman
    KZ Kazakhstan
    LA Laos
    LB Lubnan
    LC Saint Lucia
    LI Liechtenstein
    LK Sri Lanka
    LR Liberia
    LS Lesotho
    LT Lithuania
    LU Luxembourg
    LV Latvia
    LY Libya
    MA Maghribi
    MC Monaco
    MD Moldova
    ME Montenegro
    MF Saint Martin
    MG Madagaskar
    MH Kepulauan Marshall
    MK Macedonia Utara
    ML Mali
    MM Myanmar (Burma)
    MN Mongolia
    MO Macau SAR China
    MP Kepulauan Mariana Utara
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
    NF Pulau Norfolk
    NG Nigeria
    NI Nicaragua
    NL Belanda
    NO Norway
    NP Nepal
    NR Nauru
    NU Niue
    NZ New Zealand
    OM Oman
    PA Panama
    PE Peru
    PF Polinesia Perancis
    PG Papua New Guinea
    PH Filipina
    PK Pakistan
    PL Poland
    PM Saint Pierre dan Miquelon
    PN Kepulauan Pitcairn
    PR Puerto Rico
    PS Wilayah Palestin
    PT Portugal
    PW Palau
    PY Paraguay
    QA Qatar
    RE Reunion
    RO Romania
    RS Serbia
    RU Rusia
    RW Rwanda
    SA Arab Saudi
    SB Kepulauan Solomon
    SC Seychelles
    SD Sudan
    SE Sweden
    SG Singapura
    SH Saint Helena
    SI Slovenia
    SJ Svalbard dan Jan Mayen
    SK Slovakia
    SL Sierra Leone
    SM San Marino
    SN Senegal
    SO Somalia
    SR Surinam
    SS Sudan Selatan
    ST Sao Tome dan Principe
    SV El Salvador
    SX Sint Maarten
    SY Syria
    SZ Eswatini
    TC Kepulauan Turks dan Caicos
    TD Chad
    TF Wilayah Selatan Perancis
    TG Togo
    TH Thailand
    TJ Tajikistan
    TK Tokelau
    TL Timor-Leste
    TM Turkmenistan
    TN Tunisia
    TO Tonga
    TR Turkiye
    TT Trinidad dan Tobago
    TV Tuvalu
    TW Taiwan
    TZ Tanzania
    UA Ukraine
    UG Uganda
    UM Kepulauan Terpencil A.S.
    US Amerika Syarikat
    UY Uruguay
    UZ Uzbekistan
    VA Kota Vatican
    VC Saint Vincent dan Grenadines
    VE Venezuela
    VG Kepulauan Virgin British
    VI Kepulauan Virgin A.S.
    VN Vietnam
    VU Vanuatu
    WF Wallis dan Futuna
    WS Samoa
    YE Yaman
    YT Mayotte
    ZA Afrika Selatan
    ZM Zambia
    ZW Zimbabwe
