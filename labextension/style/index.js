import './base.css';
import './form.css';
import './jobs.css';
import './batches.css';
import './plan.css';
import './data.css';
import './parameters.css';
import './statusbar.css';
