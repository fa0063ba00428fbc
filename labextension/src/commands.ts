/** Every command of the sidebars, as the palette, the launcher and other extensions call them. */
export const Commands = {
  /** Show the methods. */
  showMethods: 'pulsetrain:show-methods',
  /** Open a method's control in the notebook in front, or, beside a course or a template, in a new one. Arguments: `method`, its name. */
  openControl: 'pulsetrain:open-control',
  /** Copy a method's course into the user's folder and open it. Arguments: `method`, its name. */
  openCourse: 'pulsetrain:open-course',
  /** Show the data. Arguments: `path`, optionally, of a folder, run or file to go to. */
  showData: 'pulsetrain:show-data',
  /** Show the parameters of the notebook in focus. */
  showParameters: 'pulsetrain:show-parameters',
  /** Show the reports. */
  showReports: 'pulsetrain:show-reports',
  /**
   * Open the form of a template. Arguments: `template`, its id; `values`, what it begins with, by parameter; `batch`,
   * true where many are to be made of it; `runs` and `grid`, what these begin with.
   */
  newReport: 'pulsetrain:new-report',
  /** Open the form of the notebook selected in the file browser, or of the current one. */
  reportFromNotebook: 'pulsetrain:report-from-notebook',
  /** Open the report of a finished job in the main area. Arguments: `id`, `title`. */
  openReport: 'pulsetrain:open-report',
  /** Open the comparison of a batch's jobs in the main area. Arguments: `id`, `title`. */
  openComparison: 'pulsetrain:open-comparison',
  /** Open two jobs side by side in the main area. Arguments: `first` and `second`, their ids; `title`. */
  compareJobs: 'pulsetrain:compare-jobs'
} as const;
