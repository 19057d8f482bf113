// What the server sends and takes (see /api/docs), as types only.

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
 * @property {Vector} vector
 * @property {string} strongest
 * @property {boolean} liked
 * @property {'direct' | 'transcode' | 'no'} playable
 * @property {string} format
 *
 * @typedef {{emotion: string, contribution: number}} Contribution
 * @typedef {{song: Song, cosine: number, why: Contribution[], target: Vector}} Match
 * @typedef {{seconds: number[], vectors: Vector[]}} Curve
 * @typedef {{count: number, ids: string[], x: number[], y: number[], emotion: number[], titles: string[], artists: string[]}} SongMap
 *
 * @typedef {{path: string, reason: string}} ScanError
 * `done` counts the failed ones too.
 * @typedef {{running: boolean, found: number, done: number, failed: number, current: string | null, errors: ScanError[]}} Scan
 * @typedef {{version: string, songs: {ready: number, failed: number, missing: number}, ffmpeg: boolean, scan: Scan | null}} Status
 *
 * @typedef {{box: Box, score: number, vector: Vector}} PictureFace
 * @typedef {{width: number, height: number, faces: PictureFace[]}} Analysis
 *
 * @typedef {{kind: 'match' | 'lift' | 'calm' | 'journey', to?: Vector, songs?: number}} Way
 * @typedef {object} Request  What `recommend` takes.
 * @property {Vector} vector
 * @property {'face' | 'mood' | 'song'} source
 * @property {string} [song]
 * @property {Way} way
 * @property {'plain' | 'centred'} mode
 * @property {number} strength  0 any song, 1 only what fits.
 * @property {number} seed
 * @property {number} count
 * @property {string[]} exclude
 *
 * @typedef {'closer' | 'more_light' | 'less_light' | 'hold_still'} Advice
 * @typedef {{ok: boolean, side_px: number, sharpness: number, brightness: number, advice: Advice | null}} Quality
 * @typedef {{track: number, box: Box, vector: Vector, bars: Vector, mood: Vector, quality: Quality}} LiveFace
 *
 * @typedef {object} Frame  The answer to one camera frame.
 * @property {'frame'} type
 * @property {number} sequence
 * @property {number} width
 * @property {number} height
 * @property {LiveFace[]} faces
 * @property {{track: number | null, bars: Vector, mood: Vector} | null} chosen
 * @property {'none' | 'taking' | 'set'} baseline
 * @property {boolean} rank  The mood has really changed: the queue should follow.
 * @property {{decode: number, detect: number, classify: number, total: number}} timings_ms
 *
 * @typedef {'largest' | 'mean' | number} FaceChoice
 */

export {};
