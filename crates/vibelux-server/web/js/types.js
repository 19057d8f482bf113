// What the server sends and takes (see /api/docs), as types only; vectors as `vectors.js` makes them.

/**
 * Seven shares that add up to 1: angry, disgusted, fearful, happy, neutral, sad, surprised.
 * @typedef {number[]} Vector
 *
 * @typedef {{x: number, y: number, width: number, height: number}} Box  In pixels of the picture.
 *
 * @typedef {object} Song
 * @property {string} id  Opaque; never a path.
 * @property {string} title
 * @property {string | null} artist
 * @property {string | null} album
 * @property {number | null} duration_seconds
 * @property {number | null} loudness_lufs  How loud it is; null where that was not measured.
 * @property {Vector} vector
 * @property {string} strongest
 * @property {Vector} analysed  What the model made of it.
 * @property {boolean} corrected  `vector` is what the listener says.
 * @property {Vector | null} reaction  How the listener's face changed while it played; each -1 to 1.
 * @property {'music' | 'speech' | 'effects' | 'jingle'} class
 * @property {boolean} declared_music  It is music because the user says so.
 * @property {boolean} liked
 * @property {'direct' | 'transcode' | 'no'} playable
 * @property {string} format
 *
 * @typedef {{score: number, reason: 'itself' | 'artist' | 'alike' | null}} Liking  How much it is to the listener's liking, -1 to 1.
 * @typedef {{song: Song, cosine: number, why: Vector, target: Vector, liking: Liking}} Match  `why`: what each emotion adds to the cosine; may be below 0.
 * @typedef {{id: string, song: Song | null, verdict: 'liked' | 'sounds' | 'skipped' | 'finished' | 'reaction', times: number, unix_seconds: number | null, vector: Vector | null, change: Vector | null}} Said
 * @typedef {{start_seconds: number, vector: Vector}} Window  A stretch of a song that was listened to.
 * @typedef {{state: string, include: string[], count: number, valence: Float32Array, arousal: Float32Array, strongest: Uint8Array}} SongMap
 *
 * @typedef {{speech: number, effects: number, jingle: number}} NotMusic  How many files are left out unless asked for.
 * @typedef {{path: string, reason: string}} Failure
 * `done` counts the failed ones too.
 * @typedef {{running: boolean, found: number, done: number, refining: boolean, failed: number, current: string | null, failures: Failure[]}} Scan
 * @typedef {{path: string | null, parent: string | null, usual: string | null, demo: boolean, audio_files: number, folders: {name: string, path: string}[]}} FolderList
 * @typedef {{mistake: {message: string, start: number, end: number} | null, start: number, end: number, options: string[]}} FilterHelp
 * @typedef {{version: string, role: 'owner' | 'guest', songs: {ready: number, not_music: NotMusic, failed: number, missing: number, copies: number}, ffmpeg: boolean, lan: boolean, home: boolean, scan: Scan | null}} Status
 *
 * @typedef {{is_on: boolean, fingerprint: string | null, invitations: {role: 'owner' | 'guest', url: string, qr_svg: string}[]}} Lan
 *
 * @typedef {{box: Box, score: number, counts: number, vector: Vector, strongest: string}} PictureFace
 * @typedef {{width: number, height: number, faces: PictureFace[]}} Analysis
 *
 * @typedef {{kind: 'match' | 'lift' | 'calm' | 'journey', to?: Vector, songs?: number}} Way
 * @typedef {object} Request  What `recommend` takes.
 * @property {Vector} vector
 * @property {'face' | 'mood' | 'song'} source
 * @property {string} [song_id]
 * @property {Way} way
 * @property {'plain' | 'centred'} mode
 * @property {string} [filter]  Only songs that this is true of.
 * @property {number} strength  0 any song, 1 only what fits.
 * @property {number} seed
 * @property {number} count
 * @property {boolean} [opening]  The first song is to be mostly what is sought.
 * @property {string[]} exclude
 * @property {string[]} include  Classes beside music.
 *
 * @typedef {'closer' | 'more_light' | 'less_light' | 'hold_still' | 'look_here'} Advice
 * @typedef {{ok: boolean, side_px: number, sharpness: number, brightness: number, tilt_degrees: number, turn_degrees: number, advice: Advice | null}} Quality
 * @typedef {{track: number, box: Box, vector: Vector, bars: Vector, mood: Vector, quality: Quality}} LiveFace
 *
 * @typedef {object} Frame  The answer to one camera frame.
 * @property {'frame'} type
 * @property {number} sequence
 * @property {number} width
 * @property {number} height
 * @property {LiveFace[]} faces
 * @property {{track: number | null, bars: Vector, mood: Vector} | null} chosen
 * @property {'none' | 'taking' | 'learnt' | 'set'} baseline
 * @property {{certainty: number, vector: Vector | null, gain: number} | null} rest  The face at rest.
 * @property {boolean} looking  The face has not been seen for long enough to choose a first song for it.
 * @property {boolean} rank  There is a mood now, or it has really changed: the queue should follow.
 * @property {boolean} cross  It has changed just after a song had begun.
 * @property {{decode: number, detect: number, classify: number, total: number}} timings_seconds
 *
 * @typedef {'largest' | 'mean' | number} FaceChoice
 */

export {};
